'use client';

import type { Story } from '@storywire/client';
import { useReaders } from '@storywire/client/react';
import styles from './home.module.css';

/** How many read a story now, alive; and how much is said about it. */
export function ReadingCount({ story }: { story: Story }) {
  const { ready, count } = useReaders(story.id);
  const readers = ready ? count : story.readers;
  const said = story.commentCount;
  return (
    <span className={styles.counts}>
      {readers > 0 ? (
        <span className={styles.reading}>
          <span className={styles.dot} data-state="online" aria-hidden="true" />
          {readers} reading
        </span>
      ) : null}
      <span>{said === 0 ? 'No comments yet' : said === 1 ? '1 comment' : `${said} comments`}</span>
    </span>
  );
}
