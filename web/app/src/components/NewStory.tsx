'use client';

import { newNonce, type Story, type StoryImported } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { type FormEvent, type RefObject, useRef, useState } from 'react';
import { importNew, titleIn } from '@/lib/editor/files';
import { editPath, navigate } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { Alert } from './Alert';
import styles from './dialog.module.css';
import { FilePick } from './editor/FilePick';
import { Problems } from './editor/Problems';
import forms from './newstory.module.css';

const READERS = [
  ['public', 'Everybody who is signed in'],
  ['private', 'Only whom you invite'],
] as const;

/** The form of a new story, in a dialog that the caller opens: it leads to the desk. */
export function NewStory({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const { rest, link } = useStorywire();
  const { busy, error, run } = useCommand();
  const [title, setTitle] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [outcome, setOutcome] = useState<StoryImported | null>(null);
  // The same key for every attempt at this story: sent twice, it is still one.
  const key = useRef<string | null>(null);
  const close = () => dialog.current?.close();
  const write = ({ id }: Story) => {
    close();
    navigate(editPath(id));
  };
  const choose = async (chosen: File) => {
    key.current = null;
    setFile(chosen);
    setOutcome(null);
    const found = titleIn(chosen.name, await chosen.text());
    setTitle((was) => was || found.slice(0, 120));
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const draft = {
      title: title.trim(),
      synopsis: String(fields.get('synopsis') ?? '').trim(),
      visibility: fields.get('visibility') === 'private' ? 'private' : 'public',
    } as const;
    void run(async () => {
      key.current ??= newNonce();
      if (file === null) return write(await rest.createStory(draft, key.current));
      const made = await importNew(link, draft, file, key.current);
      if (made.story && made.problems.length === 0) write(made.story);
      else setOutcome(made);
    });
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="new-story">
      <form onSubmit={submit} className={styles.form}>
        <div className={styles.head}>
          <h2 id="new-story">A new story</h2>
          <button type="button" className={styles.close} aria-label="Close" onClick={close}>
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
        </div>
        <label>
          Title
          <input
            name="title"
            required
            maxLength={120}
            autoComplete="off"
            className={styles.title}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
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
        <fieldset className={forms.readers}>
          <legend>Who may read it</legend>
          {READERS.map(([value, words]) => (
            <label key={value}>
              <input type="radio" name="visibility" value={value} defaultChecked={value === 'public'} />
              {words}
            </label>
          ))}
        </fieldset>
        <div className={forms.file}>
          <span>It begins with an empty page, or with a story from a Twee or Twine JSON file.</span>
          <FilePick label="Begin with a file" file={file} onFile={(chosen) => void choose(chosen)} />
        </div>
        <Alert>{error}</Alert>
        {outcome ? (
          <div role="status">
            <p>
              {outcome.story
                ? 'The story is on the desk. The file has something that is worth a look:'
                : 'Nothing was stored: the file has to be mended first.'}
            </p>
            <Problems problems={outcome.problems} />
          </div>
        ) : null}
        <Foot story={outcome?.story ?? null} busy={busy} onWrite={write} />
      </form>
    </dialog>
  );
}

function Foot({
  story,
  busy,
  onWrite,
}: {
  story: Story | null;
  busy: boolean;
  onWrite: (story: Story) => void;
}) {
  return (
    <div className={styles.foot}>
      <p>Readers get it as you have published it.</p>
      {story ? (
        <button type="button" className="primary" onClick={() => onWrite(story)}>
          Go to the desk
        </button>
      ) : (
        <button type="submit" className="primary" disabled={busy}>
          {busy ? 'Opening…' : 'Begin to write'}
        </button>
      )}
    </div>
  );
}
