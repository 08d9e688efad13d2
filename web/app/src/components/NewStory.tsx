'use client';

import { newNonce } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { type FormEvent, type RefObject, useRef, useState } from 'react';
import { asMessage } from '@/lib/message';
import { navigate, storyPath } from '@/lib/route';
import styles from './dialog.module.css';

/** Publishes what the form holds and goes to it. */
function usePublish(close: () => void) {
  const { rest } = useStorywire();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  // The same key for every attempt at this story: sent twice, it is still one.
  const key = useRef<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    key.current ??= newNonce();
    setBusy(true);
    setError(null);
    try {
      const story = { title: text('title'), synopsis: text('synopsis'), body: text('body') };
      const created = await rest.createStory(story, key.current);
      key.current = null;
      close();
      navigate(storyPath(created.id));
    } catch (thrown) {
      setError(asMessage(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit };
}

/** The form of a new story, in a dialog that the caller opens. */
export function NewStory({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const { busy, error, submit } = usePublish(() => dialog.current?.close());
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="new-story">
      <form onSubmit={submit} className={styles.form}>
        <div className={styles.head}>
          <h2 id="new-story">A new story</h2>
          <button
            type="button"
            className={styles.close}
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
        </div>
        <label>
          Title
          <input name="title" required maxLength={120} autoComplete="off" className={styles.title} />
        </label>
        <label>
          Synopsis
          <input
            name="synopsis"
            maxLength={300}
            autoComplete="off"
            placeholder="One sentence that makes one want to read on"
          />
        </label>
        <label>
          Text
          <textarea
            name="body"
            rows={12}
            className={styles.body}
            placeholder="An empty line begins a new paragraph; * * * a new scene."
          />
        </label>
        {error ? (
          <p role="alert" className="problem">
            {error}
          </p>
        ) : null}
        <div className={styles.foot}>
          <p>Everybody who is signed in can read it and comment.</p>
          <button type="submit" className="primary" disabled={busy}>
            {busy ? 'Publishing…' : 'Publish'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
