'use client';

import type { PartyDecision, PlayView, StoryParty } from '@storywire/client';
import { useParty } from '@storywire/client/react';
import { useEffect, useRef } from 'react';
import { decisionWords, pauseWords, people, seatsOf, userOf } from '@/lib/party';
import { storyPath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { useTurnedPage } from '@/lib/useTurnedPage';
import { PartyChat } from './PartyChat';
import { PartyChoices } from './PartyChoices';
import { SeatFace, Watchers } from './PartyFaces';
import { PartyPath } from './PartyPath';
import { PartyPeople } from './PartyPeople';
import { PartyTimer } from './PartyTimer';
import { Prose } from './Prose';
import styles from './party.module.css';
import story from './story.module.css';
import { To } from './To';

interface Props {
  view: PlayView;
  party: StoryParty;
  me: string;
}

/** The story where the party stands: the passage, what can be chosen, and the others around it. */
export function PartyPlay({ view, party, me }: Props) {
  const { pending, audience, deadline, decision } = useParty(view.sessionId);
  const alone = view.settings.maxPlayers === 1;
  const last = decision && decision.round === (view.round?.round ?? 0) - 1 ? decision : null;
  return (
    <main id="content" tabIndex={-1} className={story.page} data-alone={alone || undefined}>
      <PartyTimer deadline={deadline} />
      <div className={styles.column}>
        <Passage view={view} decision={last} />
        {view.status === 'paused' ? <Paused view={view} party={party} host={view.host === me} /> : null}
        <PartyChoices
          view={view}
          party={party}
          me={me}
          pending={pending}
          audience={audience}
          deadline={deadline}
        />
        {view.proposal ? <Proposal view={view} party={party} me={me} /> : null}
        {view.me.spectator ? <Watching view={view} party={party} /> : null}
        <details className={styles.far}>
          <summary>The way so far</summary>
          <PartyPath view={view} party={party} />
        </details>
        <div className={styles.foot}>
          <PartyPeople view={view} party={party} me={me} />
        </div>
      </div>
      {alone ? null : (
        <div className={story.margin}>
          <Table view={view} me={me} />
          <Watchers count={view.watching} />
          <PartyChat id={view.sessionId} />
        </div>
      )}
      <Announcer view={view} decision={last} me={me} />
    </main>
  );
}

/** The passage, and how the party came to it. */
function Passage({ view, decision }: { view: PlayView; decision: PartyDecision | null }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { round } = view;
  useTurnedPage(heading, round?.round ?? 0);
  if (round === null) return null;
  const words = decision ? decisionWords(decision) : '';
  return (
    <article key={round.round} className={styles.passage}>
      <p className={styles.eyebrow}>
        <To href={storyPath(view.storyId)}>{view.title}</To>
        {words ? <span className={styles.decision}>{words}</span> : null}
      </p>
      <h1 ref={heading} tabIndex={-1} className={styles.title}>
        {round.name}
      </h1>
      <Prose text={round.text} open={round.options.length > 0} />
    </article>
  );
}

/** Who plays along, and whose turn it is. */
function Table({ view, me }: { view: PlayView; me: string }) {
  const { round, votes } = view;
  const turn = round?.mode === 'host' ? view.host : round?.turn;
  return (
    <ul className={styles.table} aria-label="Players">
      {seatsOf(view).map((seat) => {
        const { id, display_name } = seat.user;
        const voted = votes.voted.includes(id);
        return (
          <li key={seat.no} data-turn={id === turn || undefined} data-voted={voted || undefined}>
            <SeatFace seat={seat} size={32} />
            <span className={styles.player}>{id === me ? 'You' : display_name.split(' ')[0]}</span>
            {id === turn ? <span className="visually-hidden">whose turn it is</span> : null}
            {voted ? <span className="visually-hidden">has chosen</span> : null}
          </li>
        );
      })}
    </ul>
  );
}

function Paused({ view, party, host }: { view: PlayView; party: StoryParty; host: boolean }) {
  const { busy, error, run } = useCommand();
  return (
    <div className={styles.word} role="status">
      <p>{error ?? pauseWords(view)}</p>
      {host ? (
        <button type="button" className="plain" disabled={busy} onClick={() => void run(party.resume)}>
          Go on
        </button>
      ) : null}
    </div>
  );
}

/** Going back needs everybody. */
function Proposal({ view, party, me }: Props) {
  const { busy, error, run } = useCommand();
  const { proposal, path } = view;
  if (proposal === null) return null;
  const name = path.find(({ round }) => round === proposal.toRound)?.name ?? 'an earlier passage';
  const who = proposal.by === me ? 'You' : (userOf(view, proposal.by)?.display_name ?? 'Somebody');
  const agreed = proposal.agreed.includes(me);
  const missing = seatsOf(view).filter(
    ({ user, conn }) => conn === 'on' && !proposal.agreed.includes(user.id),
  );
  return (
    <div className={styles.word} role="status">
      <p>
        {error ?? `${who} would like to go back to “${name}”.`}
        {agreed && missing.length > 0 ? ` Waiting for ${people(missing.map(({ user }) => user))}.` : ''}
      </p>
      {agreed || view.me.seat === null ? null : (
        <button
          type="button"
          className="plain"
          disabled={busy}
          onClick={() => void run(() => party.agree(true))}
        >
          Go back
        </button>
      )}
      {view.me.seat === null ? null : (
        <button
          type="button"
          className="plain"
          disabled={busy}
          onClick={() => void run(() => party.agree(false))}
        >
          {proposal.by === me ? 'Never mind' : 'Stay here'}
        </button>
      )}
    </div>
  );
}

function Watching({ view, party }: { view: PlayView; party: StoryParty }) {
  return (
    <div className={styles.word}>
      <p>You are watching.</p>
      {view.settings.lateJoin === 'seat' && !view.settings.locked ? (
        <button type="button" className="plain" onClick={() => party.enter('player')}>
          Take a seat
        </button>
      ) : null}
    </div>
  );
}

/** Says what happens to who does not see it. */
function Announcer({ view, decision, me }: { view: PlayView; decision: PartyDecision | null; me: string }) {
  const { round, votes } = view;
  const passage = round ? `${decision ? `${decisionWords(decision)}. ` : ''}${round.name}.` : '';
  const before = useRef(votes.voted);
  const fresh = votes.voted.find((id) => !before.current.includes(id) && id !== me);
  useEffect(() => {
    before.current = votes.voted;
  });
  const name = fresh ? userOf(view, fresh)?.display_name : undefined;
  return (
    <>
      <p className="visually-hidden" aria-live="polite">
        {passage}
      </p>
      <p className="visually-hidden" aria-live="polite">
        {name ? `${name} has chosen` : ''}
      </p>
    </>
  );
}
