import { To } from './To';
import styles from './topbar.module.css';

/** The name, its initial in red as in old books. */
export function Wordmark() {
  return (
    <To href="/" className={styles.wordmark} aria-label="Storywire, home">
      <span className={styles.initial}>S</span>torywire
    </To>
  );
}
