'use client';

import { useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { type FormEvent, type RefObject, useId, useState } from 'react';
import { codeOf, partyPath } from '@/lib/party';
import { navigate } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import dialogs from './dialog.module.css';
import styles from './party.module.css';

/** Asks for a code, or a link that ends with one. `code`: what is there already. */
export function JoinForm({ code = '', onJoined }: { code?: string; onJoined?: () => void }) {
  const { parties } = useStorywire();
  const { busy, error, run } = useCommand();
  const [text, setText] = useState(code);
  const fieldId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const clean = codeOf(text);
    if (clean === null) return;
    void run(async () => {
      const id = await parties.join(clean);
      onJoined?.();
      navigate(partyPath(id));
    });
  };
  return (
    <form className={styles.join} onSubmit={submit}>
      <label htmlFor={fieldId}>The code has six letters and digits.</label>
      <div className={styles.joinField}>
        <input
          id={fieldId}
          value={text}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="ABC234"
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="primary" disabled={busy || codeOf(text) === null}>
          {busy ? 'Joining…' : 'Join'}
        </button>
      </div>
      <Alert>{error}</Alert>
    </form>
  );
}

/** The same in a dialog that the caller opens. */
export function JoinParty({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const close = () => dialog.current?.close();
  return (
    <dialog ref={dialog} className={dialogs.dialog} data-narrow aria-labelledby="join-party">
      <div className={dialogs.head}>
        <h2 id="join-party">Join a party</h2>
        <button type="button" className={dialogs.close} aria-label="Close" onClick={close}>
          <X size={20} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </div>
      <JoinForm onJoined={close} />
    </dialog>
  );
}
