'use client';

import type { PlaySummary } from '@storywire/client';
import { useConnection, useStorywire } from '@storywire/client/react';
import { useEffect, useState } from 'react';
import { partyPath } from '@/lib/party';
import { ago } from '@/lib/time';
import { useNow } from '@/lib/useNow';
import { Faces } from './PartyFaces';
import styles from './parties.module.css';
import { To } from './To';

/** The parties that have not ended, of one story or of all; empty until they are known, or where they cannot be. */
export function useOpenParties(storyId?: string): readonly PlaySummary[] {
  const { parties } = useStorywire();
  const { status } = useConnection();
  const [list, setList] = useState<readonly PlaySummary[]>([]);
  useEffect(() => {
    // Fetched again when the connection is back: the party may have gone on.
    if (status !== 'connected') return;
    const abort = new AbortController();
    parties.list(storyId, abort.signal).then(
      (all) => setList(all.filter((party) => party.status !== 'ended')),
      // An extra: the page is whole without it.
      () => undefined,
    );
    return () => abort.abort();
  }, [parties, status, storyId]);
  return list;
}

/** Where the reader left off, with whom. */
export function PartyList({ list, title }: { list: readonly PlaySummary[]; title: string }) {
  const now = useNow();
  if (list.length === 0) return null;
  return (
    <section className={styles.parties} aria-labelledby="parties">
      <h2 id="parties">{title}</h2>
      <ul>
        {list.map((party) => (
          <li key={party.sessionId}>
            <To href={partyPath(party.sessionId)} className={styles.row}>
              <Faces users={party.players.slice(0, 4)} />
              <span className={styles.words}>
                <span className={styles.story}>{party.title}</span>
                <span className={styles.where}>
                  {party.passage || 'In the lobby'}
                  <time dateTime={party.updatedAt}>{ago(party.updatedAt, now)}</time>
                </span>
              </span>
              <span className={styles.go} data-turn={party.yourTurn || undefined}>
                {goWords(party)}
              </span>
            </To>
          </li>
        ))}
      </ul>
    </section>
  );
}

function goWords({ yourTurn, role, status }: PlaySummary): string {
  if (yourTurn) return 'It waits for you';
  if (role === 'spectator') return 'Watch on';
  return status === 'lobby' ? 'To the lobby' : 'Go on';
}
