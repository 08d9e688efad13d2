import styles from './story.module.css';

const BREAK = /^(\*\s*\*\s*\*|-{3,}|#|⁂)$/;
/** How many lines the first letter takes: none beside a paragraph too short to stand next to it. */
function initialOf(paragraph: string): 2 | 3 | undefined {
  if (paragraph.length >= 110) return 3;
  return paragraph.length >= 60 ? 2 : undefined;
}

/**
 * Plain text as a book page: paragraphs by empty lines, `* * *` between scenes, a large initial. `open`: it
 * goes on after this.
 */
export function Prose({ text, open = false }: { text: string; open?: boolean }) {
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
        return (
          <p key={index} data-opens={index === 0 ? initialOf(block) : undefined}>
            {block}
          </p>
        );
        // biome-ignore-end lint/suspicious/noArrayIndexKey: a text's paragraphs do not move.
      })}
      {open ? null : (
        <p className={styles.end} aria-hidden="true">
          ❦
        </p>
      )}
    </div>
  );
}
