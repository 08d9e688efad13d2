'use client';

import { type As, type PlayView, type StoryParty, StorywireError } from '@storywire/client';
import { useActivity, useParty, useSession, useStorywire } from '@storywire/client/react';
import { useEffect, useState } from 'react';
import { asMessage } from '@/lib/message';
import { codeOf, partyPath } from '@/lib/party';
import { readdress, storyPath } from '@/lib/route';
import { useTitle } from '@/lib/useTitle';
import { JoinForm } from './JoinParty';
import { Note } from './Note';
import { PartyEnd } from './PartyEnd';
import { PartyLobby } from './PartyLobby';
import { PartyPlay } from './PartyPlay';
import styles from './party.module.css';
import { StorySkeleton } from './Skeletons';
import { To } from './To';

/** A party by its id; by its code, for who follows a link; or the question for one. */
export function PartyPage({ id }: { id: string }) {
  if (id === '') return <JoinPage />;
  const code = codeOf(id);
  return code === null ? <Party id={id} /> : <ByCode code={code} />;
}

function JoinPage() {
  useTitle('Join a party');
  return (
    <main id="content" tabIndex={-1} className={styles.door}>
      <h1 className={styles.heading}>Join a party</h1>
      <JoinForm />
    </main>
  );
}

function Opening() {
  return (
    <main id="content" tabIndex={-1} aria-busy="true" aria-label="Opening the party">
      <StorySkeleton />
    </main>
  );
}

/** Enters the party of a code and gives the page its lasting address. */
function ByCode({ code }: { code: string }) {
  const { parties } = useStorywire();
  const [as, setAs] = useState<As | undefined>();
  const [error, setError] = useState<unknown>(null);
  useTitle('Join a party');
  useEffect(() => {
    let wanted = true;
    setError(null);
    parties.join(code, as).then(
      (id) => wanted && readdress(partyPath(id)),
      (thrown: unknown) => wanted && setError(thrown),
    );
    return () => {
      wanted = false;
    };
  }, [parties, code, as]);
  if (error === null) return <Opening />;
  return (
    <main id="content" tabIndex={-1} className={styles.door}>
      <h1 className={styles.heading}>That did not open</h1>
      <p className={styles.refusal} role="alert">
        {asMessage(error)}
      </p>
      {mayWatch(error) && as === undefined ? (
        <button type="button" className="plain" onClick={() => setAs('spectator')}>
          Watch instead
        </button>
      ) : (
        <JoinForm code={code} />
      )}
    </main>
  );
}

/** Where there is no seat there may still be room to watch from. */
const mayWatch = (error: unknown): boolean =>
  error instanceof StorywireError && (error.code === 'FULL' || error.code === 'LOCKED');

function Party({ id }: { id: string }) {
  const { status, view, error, party } = useParty(id);
  const me = useSession()?.user.id ?? '';
  useTitle(view?.title ?? 'A party');
  const plays = view?.status === 'playing' || view?.status === 'paused';
  useActivity(plays ? view.storyId : null, 'playing');
  if (status === 'refused') return <Refused party={party} error={error} />;
  if (view === null) return <Opening />;
  const mine = view.seats.find(({ user }) => user.id === me);
  if (mine?.conn === 'kicked') return <Away view={view} title="You were sent away from this party." />;
  if (mine?.conn === 'left' && !view.me.spectator) {
    return <Away view={view} title="You have left this party." back={() => party.enter('player')} />;
  }
  if (view.status === 'lobby') return <PartyLobby view={view} party={party} me={me} />;
  if (view.status === 'ended') return <PartyEnd view={view} party={party} me={me} />;
  return <PartyPlay view={view} party={party} me={me} />;
}

interface AwayProps {
  view: PlayView;
  title: string;
  back?: () => void;
}

function Away({ view, title, back }: AwayProps) {
  return (
    <main id="content" tabIndex={-1} className={styles.door}>
      <Note
        title={title}
        text={view.title}
        {...(back && view.status !== 'ended' ? { action: 'Come back', onAction: back } : {})}
      />
      <To href={storyPath(view.storyId)} className="link">
        To the story
      </To>
    </main>
  );
}

interface RefusedProps {
  party: StoryParty;
  error: StorywireError | null;
}

function Refused({ party, error }: RefusedProps) {
  const watch = mayWatch(error);
  const unknown = error?.code === 'NOT_FOUND';
  const title = unknown ? 'There is no such party.' : 'You cannot play here.';
  return (
    <main id="content" tabIndex={-1} className={styles.door}>
      <Note
        title={title}
        text={unknown ? 'It may have ended. Ask for a new code.' : asMessage(error)}
        action={watch ? 'Watch instead' : 'Try again'}
        onAction={() => party.enter(watch ? 'spectator' : null)}
      />
      <To href="/" className="link">
        Home
      </To>
    </main>
  );
}
