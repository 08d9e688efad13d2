'use client';

import type { PlayView, StoryParty } from '@storywire/client';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import styles from './path.module.css';

interface Props {
  view: PlayView;
  /** Null: one may look, but not propose to go back. */
  party: StoryParty | null;
}

/** The passages so far and what was chosen in them. */
export function PartyPath({ view, party }: Props) {
  const { busy, error, run } = useCommand();
  const now = view.round?.round;
  const back = party !== null && view.status === 'playing' && view.proposal === null && view.me.seat !== null;
  return (
    <>
      <ol className={styles.path} aria-label="The way so far">
        {view.path.map(({ round, name, label }) => (
          <li key={round} aria-current={round === now ? 'step' : undefined}>
            <span className={styles.name}>{name}</span>
            {label ? <span className={styles.label}>{label}</span> : null}
            {back && round !== now ? (
              <button
                type="button"
                className={styles.back}
                disabled={busy}
                aria-label={`Propose to go back to ${name}`}
                onClick={() => void run(() => party.rewind(round))}
              >
                Back to here
              </button>
            ) : null}
          </li>
        ))}
      </ol>
      <Alert>{error}</Alert>
    </>
  );
}
