'use client';

import type { PlayView, StoryParty } from '@storywire/client';
import { MoreHorizontal, X } from 'lucide-react';
import { useRef } from 'react';
import { seatsOf } from '@/lib/party';
import { navigate, storyPath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import dialogs from './dialog.module.css';
import { SeatFace } from './PartyFaces';
import styles from './party.module.css';

interface Props {
  view: PlayView;
  party: StoryParty;
  me: string;
}

/** Who is in the party and what one can do about it: give the host's part away, send away, pause, leave, end. */
export function PartyPeople({ view, party, me }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, error, run } = useCommand();
  const host = view.host === me;
  const title = view.settings.maxPlayers === 1 ? 'Playing alone' : 'The party';
  const close = () => dialog.current?.close();
  const leave = () =>
    run(async () => {
      await party.leave();
      close();
      navigate(storyPath(view.storyId));
    });
  return (
    <>
      <button type="button" className={styles.more} onClick={() => dialog.current?.showModal()}>
        <MoreHorizontal size={20} strokeWidth={1.5} aria-hidden="true" />
        {title}
      </button>
      <dialog ref={dialog} className={dialogs.dialog} data-narrow aria-label={title}>
        <div className={dialogs.head}>
          <h2>{title}</h2>
          <button type="button" className={dialogs.close} aria-label="Close" onClick={close}>
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
        </div>
        <ul className={styles.people}>
          {seatsOf(view).map((seat) => (
            <li key={seat.no}>
              <SeatFace seat={seat} size={32} />
              <span className={styles.personName}>
                {seat.user.display_name}
                <span>
                  {[seat.user.id === view.host ? 'Host' : '', seat.role].filter(Boolean).join(', ')}
                </span>
              </span>
              {host && seat.user.id !== me && view.status !== 'ended' ? (
                <span className={styles.acts}>
                  <button
                    type="button"
                    className="quiet"
                    disabled={busy}
                    onClick={() => void run(() => party.makeHost(seat.user.id))}
                  >
                    Make host
                  </button>
                  <button
                    type="button"
                    className="quiet"
                    disabled={busy}
                    onClick={() => void run(() => party.kick(seat.user.id))}
                  >
                    Send away
                  </button>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
        <Alert>{error}</Alert>
        {view.status === 'ended' ? null : (
          <div className={styles.partyActs}>
            {host && view.status === 'playing' ? (
              <button type="button" className="plain" disabled={busy} onClick={() => void run(party.pause)}>
                Pause
              </button>
            ) : null}
            {host && view.status === 'paused' ? (
              <button type="button" className="plain" disabled={busy} onClick={() => void run(party.resume)}>
                Go on
              </button>
            ) : null}
            {host ? (
              <button type="button" className="plain" disabled={busy} onClick={() => void run(party.end)}>
                End the party
              </button>
            ) : null}
            <button type="button" className="plain" disabled={busy} onClick={() => void leave()}>
              {view.me.spectator ? 'Stop watching' : 'Leave'}
            </button>
          </div>
        )}
      </dialog>
    </>
  );
}
