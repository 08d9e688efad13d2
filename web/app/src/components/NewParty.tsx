'use client';

import { newNonce, PLAY_DEFAULTS, type PlaySettings, type StoryParty } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { type FormEvent, type ReactNode, type RefObject, useRef } from 'react';
import { partyPath } from '@/lib/party';
import { navigate } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import styles from './dialog.module.css';
import { SettingsFields, settingsOf } from './PartySettings';

type Dialog = RefObject<HTMLDialogElement | null>;

/** The form of a new party, in a dialog that the caller opens. */
export function NewParty({ dialog, storyId }: { dialog: Dialog; storyId: string }) {
  const { parties } = useStorywire();
  // The same key for every attempt: sent twice, it is still one party.
  const key = useRef<string | null>(null);
  const create = async (form: HTMLFormElement) => {
    key.current ??= newNonce();
    const id = await parties.create(storyId, settingsOf(form), key.current);
    key.current = null;
    dialog.current?.close();
    navigate(partyPath(id));
  };
  return (
    <SettingsDialog dialog={dialog} title="Play together" action="Open the party" onSubmit={create}>
      <SettingsFields settings={PLAY_DEFAULTS} />
    </SettingsDialog>
  );
}

interface ChangeProps {
  dialog: Dialog;
  party: StoryParty;
  settings: PlaySettings;
}

/** The settings of a party that waits in its lobby. */
export function ChangeSettings({ dialog, party, settings }: ChangeProps) {
  const change = async (form: HTMLFormElement) => {
    await party.configure(settingsOf(form));
    dialog.current?.close();
  };
  return (
    <SettingsDialog dialog={dialog} title="How we play" action="Change" onSubmit={change}>
      <SettingsFields key={JSON.stringify(settings)} settings={settings} />
    </SettingsDialog>
  );
}

interface Props {
  dialog: Dialog;
  title: string;
  action: string;
  onSubmit: (form: HTMLFormElement) => Promise<void>;
  children: ReactNode;
}

function SettingsDialog({ dialog, title, action, onSubmit, children }: Props) {
  const { busy, error, run } = useCommand();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void run(() => onSubmit(form));
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-label={title}>
      <form onSubmit={submit} className={styles.form}>
        <div className={styles.head}>
          <h2>{title}</h2>
          <button
            type="button"
            className={styles.close}
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
        </div>
        {children}
        <Alert>{error}</Alert>
        <div className={styles.foot}>
          <p>The host can change this until the story begins.</p>
          <button type="submit" className="primary" disabled={busy}>
            {busy ? 'One moment…' : action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
