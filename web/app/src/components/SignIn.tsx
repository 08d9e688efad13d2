'use client';

import { type Character, demoSignIn } from '@storywire/client';
import { useReadable } from '@storywire/client/react';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { signIn } from '@/lib/account';
import { cast, loadCast } from '@/lib/cast';
import { asMessage } from '@/lib/message';
import { Alert } from './Alert';
import { Avatar } from './Avatar';
import { Note } from './Note';
import styles from './signin.module.css';
import { Wordmark } from './Wordmark';

export function SignIn({ notice }: { notice: string | null }) {
  const who = useReadable(cast);
  useEffect(() => {
    document.title = 'Sign in · Storywire';
  }, []);
  return (
    <main id="content" tabIndex={-1} className={styles.page}>
      <Wordmark />
      {notice ? (
        <p role="status" className={styles.notice}>
          {notice}
        </p>
      ) : null}
      {who.status === 'demo' ? <Characters characters={who.characters} /> : null}
      {who.status === 'none' ? <Token /> : null}
      {who.status === 'error' ? (
        <Note
          title="The reading room cannot be reached."
          text="Perhaps the server is just starting."
          action="Try again"
          onAction={() => void loadCast()}
        />
      ) : null}
    </main>
  );
}

function Characters({ characters }: { characters: readonly Character[] }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [name, setName] = useState('');
  const fieldId = useId();
  const enter = async (as: { characterId: string } | { name: string }) => {
    setBusy(true);
    setError(null);
    try {
      signIn(await demoSignIn(as));
    } catch (thrown) {
      setError(asMessage(thrown));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) void enter({ name: name.trim() });
  };
  return (
    <>
      <h1 className={styles.heading}>Who is reading today?</h1>
      <ul className={styles.cast} aria-label="Characters">
        {characters.map(({ id, display_name }) => (
          <li key={id}>
            <button type="button" disabled={busy} onClick={() => void enter({ characterId: id })}>
              <Avatar person={{ id, display_name }} size={96} />
              <span>{display_name}</span>
            </button>
          </li>
        ))}
      </ul>
      <form className={styles.form} onSubmit={submit}>
        <label htmlFor={fieldId}>Or come under a name of your own</label>
        <div className={styles.field}>
          <input
            id={fieldId}
            value={name}
            maxLength={40}
            autoComplete="nickname"
            placeholder="Your name"
            onChange={(event) => setName(event.target.value)}
          />
          <button type="submit" className="primary" disabled={busy || !name.trim()}>
            Come in
          </button>
        </div>
        <Alert>{error}</Alert>
      </form>
    </>
  );
}

function Token() {
  const [token, setToken] = useState('');
  const fieldId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) signIn({ token: token.trim(), user: null });
  };
  return (
    <>
      <h1 className={styles.heading}>Come in and read.</h1>
      <form className={styles.form} onSubmit={submit}>
        <label htmlFor={fieldId}>Your token</label>
        <textarea
          id={fieldId}
          rows={4}
          spellCheck={false}
          autoComplete="off"
          value={token}
          placeholder="eyJ…"
          onChange={(event) => setToken(event.target.value)}
        />
        <p className={styles.hint}>
          This room takes the tokens of the application it belongs to. To try it out, run{' '}
          <code>storywire token</code>, or start the server with <code>--demo</code>.
        </p>
        <button type="submit" className="primary" disabled={!token.trim()}>
          Come in
        </button>
      </form>
    </>
  );
}
