import skeleton from '../skeleton.module.css';
import styles from './desk.module.css';

const rows = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The desk before the story lies on it. */
export function DeskSkeleton() {
  return (
    <main id="content" tabIndex={-1} className={styles.desk} aria-busy="true" aria-label="Opening the story">
      <div className={styles.head} aria-hidden="true">
        <div className={skeleton.short} />
      </div>
      <div className={styles.panes} data-view="list" data-pane="text" aria-hidden="true">
        <div className={styles.left}>
          <div className={styles.bones}>
            {rows(8).map((i) => (
              <div key={i} className={skeleton.line} />
            ))}
          </div>
        </div>
        <div className={styles.middle}>
          <div className={styles.bones}>
            <div className={skeleton.headline} />
            {rows(6).map((i) => (
              <div key={i} className={skeleton.line} />
            ))}
          </div>
        </div>
      </div>
    </main>
  );
}
