import styles from './story.module.css';

const BREAK = /^(\*\s*\*\s*\*|-{3,}|#|⁂)$/;
/** A shorter paragraph would not stand beside a large initial. */
const INITIAL_NEEDS = 110;

/** Plain text as a book page: paragraphs by empty lines, `* * *` between scenes, a large initial. */
export function Prose({ text }: { text: string }) {
  const blocks = text
    .split(/\r?\n\s*\r?\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
  if (blocks.length === 0) return <p className={styles.blank}>The first page is still blank.</p>;
  return (
    <div className={styles.prose}>
      {blocks.map((block, index) => {
        // biome-ignore-start lint/suspicious/noArrayIndexKey: a text's paragraphs do not move.
        if (BREAK.test(block)) return <hr key={index} className={styles.scene} />;
        const opens = index === 0 && block.length >= INITIAL_NEEDS;
        return (
          <p key={index} data-opens={opens || undefined}>
            {block}
          </p>
        );
        // biome-ignore-end lint/suspicious/noArrayIndexKey: a text's paragraphs do not move.
      })}
      <p className={styles.end} aria-hidden="true">
        ❦
      </p>
    </div>
  );
}
