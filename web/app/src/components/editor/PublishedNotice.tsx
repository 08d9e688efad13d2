'use client';

import { useSession, useStorywire } from '@storywire/client/react';
import { useEffect, useState } from 'react';
import { storyPath } from '@/lib/route';
import { To } from '../To';
import styles from './desk.module.css';

/** Says that a co-author has published what is being written. */
export function PublishedNotice({ storyId }: { storyId: string }) {
  const { link } = useStorywire();
  const self = useSession()?.user.id;
  const [words, setWords] = useState<string | null>(null);
  useEffect(
    () =>
      link.on('edit:published', ({ storyId: id, release: { no, publishedBy } }) => {
        if (id !== storyId || publishedBy.id === self) return;
        setWords(`${publishedBy.display_name} has published release ${no}.`);
      }),
    [link, storyId, self],
  );
  if (words === null) return null;
  return (
    <p role="status" className={styles.notice}>
      {words}{' '}
      <To href={storyPath(storyId)} className="link">
        Read or play it
      </To>{' '}
      <button type="button" className="quiet" onClick={() => setWords(null)}>
        Dismiss
      </button>
    </p>
  );
}
