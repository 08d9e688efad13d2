'use client';

import { newNonce, type Story } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { BookOpen, Users } from 'lucide-react';
import { useRef } from 'react';
import { partyPath } from '@/lib/party';
import { navigate } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import { JoinParty } from './JoinParty';
import { NewParty } from './NewParty';
import { PartyList, useOpenParties } from './PartyList';
import styles from './parties.module.css';

/** The ways into a branching story: together, alone, with a code, or on where one left off. */
export function PlayThis({ story }: { story: Story }) {
  const { parties } = useStorywire();
  const open = useOpenParties(story.id);
  const create = useRef<HTMLDialogElement>(null);
  const join = useRef<HTMLDialogElement>(null);
  const key = useRef<string | null>(null);
  const { busy, error, run } = useCommand();
  // A party of one: each choice counts at once, and nobody else can come in.
  const alone = () =>
    run(async () => {
      key.current ??= newNonce();
      const settings = { mode: 'first', timerSec: 0, maxPlayers: 1, locked: true } as const;
      const id = await parties.create(story.id, settings, key.current);
      await parties.party(id).start(true);
      key.current = null;
      navigate(partyPath(id));
    });
  return (
    <div className={styles.play}>
      <p className={styles.pitch}>This story branches. You decide where it goes, alone or with friends.</p>
      <div className={styles.ways}>
        <button type="button" className="primary" onClick={() => create.current?.showModal()}>
          <Users size={18} strokeWidth={1.5} aria-hidden="true" />
          Play together
        </button>
        <button type="button" className="plain" disabled={busy} onClick={() => void alone()}>
          <BookOpen size={18} strokeWidth={1.5} aria-hidden="true" />
          {busy ? 'Opening…' : 'Play alone'}
        </button>
        <button type="button" className="quiet" onClick={() => join.current?.showModal()}>
          Join with a code
        </button>
      </div>
      <Alert>{error}</Alert>
      <PartyList list={open} title="Where you left off" />
      <NewParty dialog={create} storyId={story.id} />
      <JoinParty dialog={join} />
    </div>
  );
}
