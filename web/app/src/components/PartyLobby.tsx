'use client';

import type { PlaySeat, PlayView, StoryParty } from '@storywire/client';
import { useReaders } from '@storywire/client/react';
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { onKey } from '@/lib/keys';
import { partyPath, people, rulesOf, seatsOf } from '@/lib/party';
import { storyPath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { useCopy } from '@/lib/useCopy';
import { Alert } from './Alert';
import { LiveAvatar } from './Avatar';
import styles from './lobby.module.css';
import { ChangeSettings } from './NewParty';
import { PartyChat } from './PartyChat';
import { SeatFace, Watchers } from './PartyFaces';
import { PartyPeople } from './PartyPeople';
import { QrCode } from './QrCode';
import story from './story.module.css';
import { To } from './To';

interface Props {
  view: PlayView;
  party: StoryParty;
  me: string;
}

/** Where the party gathers: the code to share, the seats as they fill, and the word to begin. */
export function PartyLobby({ view, party, me }: Props) {
  const seats = seatsOf(view);
  return (
    <main id="content" tabIndex={-1} className={story.page}>
      <div className={styles.column}>
        <p className={styles.eyebrow}>
          Playing{' '}
          <To href={storyPath(view.storyId)} className="link">
            {view.title}
          </To>
        </p>
        <h1 className={styles.heading}>The party gathers</h1>
        <Share code={view.code} />
        <section aria-labelledby="seats">
          <div className={styles.head}>
            <h2 id="seats">At the table</h2>
            <PartyPeople view={view} party={party} me={me} />
          </div>
          <ul className={styles.seats}>
            {seats.map((seat) => (
              <Seat key={seat.no} seat={seat} host={seat.user.id === view.host} />
            ))}
            {seats.length < view.settings.maxPlayers ? (
              <li className={styles.free}>
                <span className={styles.empty} aria-hidden="true" />
                {view.settings.maxPlayers - seats.length === 1
                  ? 'One free seat'
                  : `${view.settings.maxPlayers - seats.length} free seats`}
              </li>
            ) : null}
          </ul>
          <Watchers count={view.watching} />
          <Invite view={view} party={party} />
        </section>
        <Rules view={view} party={party} host={view.host === me} />
        {view.me.spectator ? (
          <p className={styles.watching}>
            You are watching.{' '}
            <button type="button" className="quiet" onClick={() => party.enter('player')}>
              Take a seat
            </button>
          </p>
        ) : (
          <Begin view={view} party={party} me={me} />
        )}
        <p className="visually-hidden" aria-live="polite">
          {`${people(seats.map(({ user }) => user))} at the table`}
        </p>
      </div>
      <div className={story.margin}>
        <PartyChat id={view.sessionId} />
      </div>
    </main>
  );
}

function Share({ code }: { code: string }) {
  const link = `${window.location.origin}${partyPath(code)}`;
  const { copied, copy } = useCopy();
  return (
    <section className={styles.share} aria-label="Invitation">
      <div className={styles.words}>
        <p className={styles.hint}>Tell your friends this code</p>
        <p className={styles.code} data-testid="code">
          <span className="visually-hidden">{code}</span>
          {[...code].map((sign, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the signs of a code do not move.
            <span key={i} aria-hidden="true">
              {sign}
            </span>
          ))}
        </p>
        <p className={styles.link}>
          <span>{link.replace(/^https?:\/\//, '')}</span>
          <button type="button" className="quiet" onClick={() => void copy(link)}>
            {copied ? (
              <Check size={16} strokeWidth={1.5} aria-hidden="true" />
            ) : (
              <Copy size={16} strokeWidth={1.5} aria-hidden="true" />
            )}
            {copied ? 'Copied' : 'Copy the link'}
          </button>
        </p>
      </div>
      <QrCode text={link} label={`The link to this party as a QR code: ${link}`} />
    </section>
  );
}

function Seat({ seat, host }: { seat: PlaySeat; host: boolean }) {
  return (
    <li className={styles.seat} data-ready={seat.ready || undefined}>
      <SeatFace seat={seat} size={40} />
      <span className={styles.who}>
        <span className={styles.name}>{seat.user.display_name}</span>
        <span className={styles.part}>{[host ? 'Host' : '', seat.role].filter(Boolean).join(', ')}</span>
      </span>
      <span className={styles.mark}>
        {seat.ready ? (
          <>
            <Check size={16} strokeWidth={2} aria-hidden="true" />
            Ready
          </>
        ) : null}
      </span>
    </li>
  );
}

/** Who reads the story now and does not play yet. */
function Invite({ view, party }: Omit<Props, 'me'>) {
  const { members } = useReaders(view.storyId);
  const [told, setTold] = useState<readonly string[]>([]);
  const { error, run } = useCommand();
  const seated = new Set(view.seats.map(({ user }) => user.id));
  const others = members
    .filter(({ userId, activity }) => !seated.has(userId) && activity?.kind !== 'playing')
    .slice(0, 6);
  if (others.length === 0 || view.me.spectator) return null;
  const invite = (userId: string) =>
    run(async () => {
      await party.invite([userId]);
      setTold((list) => [...list, userId]);
    });
  return (
    <div className={styles.invite}>
      <p className={styles.hint}>Reading this story now</p>
      <ul>
        {others.map(({ userId, user }) => (
          <li key={userId}>
            <LiveAvatar user={user} size={24} />
            {user.display_name}
            {told.includes(userId) ? (
              <span className={styles.hint}>Invited</span>
            ) : (
              <button type="button" className="quiet" onClick={() => void invite(userId)}>
                Invite
              </button>
            )}
          </li>
        ))}
      </ul>
      <Alert>{error}</Alert>
    </div>
  );
}

function Rules({ view, party, host }: { view: PlayView; party: StoryParty; host: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <section aria-labelledby="rules">
      <div className={styles.head}>
        <h2 id="rules">How we play</h2>
        {host ? (
          <button type="button" className="quiet" onClick={() => dialog.current?.showModal()}>
            Change
          </button>
        ) : null}
      </div>
      <p className={styles.rules}>{rulesOf(view.settings).join(' ')}</p>
      {view.roles.length > 0 && !view.me.spectator ? <Roles view={view} party={party} /> : null}
      {host ? <ChangeSettings dialog={dialog} party={party} settings={view.settings} /> : null}
    </section>
  );
}

function Roles({ view, party }: Omit<Props, 'me'>) {
  const { error, run } = useCommand();
  return (
    <label className={styles.role}>
      Your part
      <select value={view.me.role} onChange={(event) => void run(() => party.role(event.target.value))}>
        <option value="">Any</option>
        {view.roles.map((role) => (
          <option key={role} value={role}>
            {role}
          </option>
        ))}
      </select>
      {error ? <span className="problem">{error}</span> : null}
    </label>
  );
}

/** Ready marks, and the host's word to begin. */
function Begin({ view, party, me }: Props) {
  const { busy, error, run } = useCommand();
  const seats = seatsOf(view);
  const mine = seats.find(({ user }) => user.id === me);
  const ready = mine?.ready ?? false;
  const host = view.host === me;
  const unready = seats.filter((seat) => !seat.ready && seat.conn === 'on' && seat.user.id !== me);
  const toggle = () => void run(() => party.ready(!ready));
  const latest = useRef(toggle);
  useEffect(() => {
    latest.current = toggle;
  });
  useEffect(() => onKey('r', () => latest.current()), []);
  return (
    <div className={styles.begin}>
      {host ? (
        <button
          type="button"
          className="primary"
          disabled={busy}
          onClick={() => void run(() => party.start(true))}
        >
          {unready.length > 0 ? 'Begin anyway' : 'Begin the story'}
        </button>
      ) : null}
      {host && seats.length === 1 ? null : (
        <button
          type="button"
          className={host || ready ? 'plain' : 'primary'}
          aria-pressed={ready}
          disabled={busy}
          onClick={toggle}
        >
          {ready ? 'Not ready yet' : "I'm ready"}
        </button>
      )}
      <p className={styles.hint} role="status">
        {error ?? waitWords(host, unready)}
      </p>
    </div>
  );
}

function waitWords(host: boolean, unready: readonly PlaySeat[]): string {
  const names = people(unready.map(({ user }) => user));
  if (unready.length > 0) return `${names} ${unready.length === 1 ? 'is' : 'are'} not ready yet.`;
  return host ? 'You can begin.' : 'The host begins when all are ready.';
}
