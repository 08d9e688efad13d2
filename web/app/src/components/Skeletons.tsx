import home from './home.module.css';
import inbox from './inbox.module.css';
import styles from './skeleton.module.css';
import story from './story.module.css';

const rows = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The layouts to come, without words: nothing jumps when these arrive. */
export function HomeSkeleton() {
  return (
    <div className={home.page} aria-hidden="true">
      <div className={styles.heading} />
      <CoversSkeleton />
    </div>
  );
}

export function CoversSkeleton() {
  return (
    <div className={home.grid} aria-hidden="true">
      {rows(6).map((i) => (
        <div key={i}>
          <div className={styles.cover} />
          <div className={styles.line} />
        </div>
      ))}
    </div>
  );
}

export function StorySkeleton() {
  return (
    <div className={story.page} aria-hidden="true">
      <div className={story.column}>
        <div className={styles.short} />
        <div className={styles.headline} />
        <ProseSkeleton />
      </div>
      <div className={story.margin}>
        <CommentsSkeleton />
      </div>
    </div>
  );
}

export function ProseSkeleton() {
  return (
    <div className={styles.text} aria-hidden="true">
      {rows(9).map((i) => (
        <div key={i} className={styles.line} />
      ))}
    </div>
  );
}

export function CommentsSkeleton() {
  return (
    <div className={styles.people} aria-hidden="true">
      {rows(4).map((i) => (
        <div key={i} className={styles.person}>
          <div className={styles.face} />
          <div>
            <div className={styles.short} />
            <div className={styles.line} />
          </div>
        </div>
      ))}
    </div>
  );
}

export function InboxSkeleton({ bare = false }: { bare?: boolean }) {
  return (
    <div className={bare ? undefined : inbox.page} aria-hidden="true">
      {bare ? null : <div className={styles.heading} />}
      <CommentsSkeleton />
    </div>
  );
}
