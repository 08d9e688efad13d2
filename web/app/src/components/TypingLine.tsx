import type { User } from '@storywire/client';
import styles from './comments.module.css';

/** Who is writing, in words. */
export function typingWords(writers: readonly User[]): string {
  const [first, second, ...more] = writers.map(({ display_name }) => display_name);
  if (!first) return '';
  if (!second) return `${first} is writing...`;
  if (more.length === 0) return `${first} and ${second} are writing...`;
  return `${first}, ${second} and ${more.length === 1 ? 'one more' : `${more.length} more`} are writing...`;
}

export function TypingLine({ writers }: { writers: readonly User[] }) {
  return (
    <p role="status" aria-label="Typing" className={styles.typing}>
      {typingWords(writers)}
    </p>
  );
}
