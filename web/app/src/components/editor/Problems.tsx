import type { Problem } from '@/lib/editor/rest';
import styles from './dialogs.module.css';

/** What is wrong with a story, errors first; one press leads to the passage. */
export function Problems({
  problems,
  onOpen,
}: {
  problems: readonly Problem[];
  onOpen?: ((id: string) => void) | undefined;
}) {
  const sorted = [...problems].sort(
    (a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'),
  );
  if (sorted.length === 0) return null;
  return (
    <ul className={styles.problems} aria-label="Problems">
      {sorted.map(({ severity, code, passageId, passage, line, message }) => (
        <li key={`${code} ${passageId} ${line} ${message}`} data-severity={severity}>
          <span className={styles.severity}>{severity === 'error' ? 'Must be mended' : 'Worth a look'}</span>
          <span>
            {message}
            {line ? <span className={styles.line}> Line {line}.</span> : null}
          </span>
          {passageId && onOpen ? (
            <button type="button" className="quiet" onClick={() => onOpen(passageId)}>
              {passage || 'Go there'}
            </button>
          ) : null}
          {passage && !(passageId && onOpen) ? <span className={styles.where}>{passage}</span> : null}
        </li>
      ))}
    </ul>
  );
}
