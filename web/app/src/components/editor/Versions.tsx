'use client';

import type { DocVersion } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { useEffect, useState } from 'react';
import { listVersions } from '@/lib/editor/rest';
import { asMessage } from '@/lib/message';
import { ago } from '@/lib/time';
import { useNow } from '@/lib/useNow';
import type { PanelProps } from './panels';
import styles from './versions.module.css';

/** What the story was at other times. */
export function Versions({ desk }: PanelProps) {
  const { link } = useStorywire();
  const { storyId } = desk.provider;
  const now = useNow();
  const [versions, setVersions] = useState<readonly DocVersion[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    listVersions(link, storyId).then(
      (found) => !gone && setVersions(found),
      (thrown: unknown) => !gone && setError(asMessage(thrown)),
    );
    return () => {
      gone = true;
    };
  }, [link, storyId]);
  return (
    <>
      {error ? (
        <p role="alert" className="problem">
          {error}
        </p>
      ) : null}
      {versions?.length === 0 ? <p>A version is kept after ten minutes of writing.</p> : null}
      <ol className={styles.list}>
        {versions?.map((version) => (
          <li key={version.id}>
            <span className={styles.label}>{version.label || 'Kept by itself'}</span>
            <time dateTime={version.createdAt}>{ago(version.createdAt, now)}</time>
          </li>
        ))}
      </ol>
    </>
  );
}
