'use client';

import type { EditAnchor, EditComment } from '@storywire/client';
import { Check, CornerUpLeft, RotateCcw } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { passagesOf, textOf } from '@/lib/editor/content';
import { anchorOf, LONGEST_NOTE, type NoteThread, placeOf } from '@/lib/editor/notes';
import { asMessage } from '@/lib/message';
import { ago } from '@/lib/time';
import { useNow } from '@/lib/useNow';
import { Alert } from '../Alert';
import { Avatar } from '../Avatar';
import styles from './notes.module.css';
import type { PanelProps } from './panels';

/** What co-authors remark on the story: threads on passages and on pieces of their texts. */
export function Notes({ desk, passageId, onOpen }: PanelProps) {
  const { notes, noteList } = desk;
  const [everywhere, setEverywhere] = useState(false);
  const [settled, setSettled] = useState(false);
  const here = noteList.threads.filter(({ note }) => everywhere || note.passageId === passageId);
  const shown = here.filter(({ note }) => settled || note.resolvedAt === null);
  const hidden = here.length - shown.length;
  const online = desk.state.status === 'live';
  return (
    <div className={styles.panel}>
      {passageId !== null ? <NewNote desk={desk} passageId={passageId} online={online} /> : null}
      <div className={styles.filter}>
        <label>
          <input
            type="checkbox"
            checked={everywhere}
            onChange={(event) => setEverywhere(event.target.checked)}
          />
          The whole story
        </label>
        <label>
          <input type="checkbox" checked={settled} onChange={(event) => setSettled(event.target.checked)} />
          Resolved ones{hidden > 0 ? ` (${hidden})` : ''}
        </label>
      </div>
      {online ? null : (
        <p role="status" className={styles.quiet}>
          You’re offline. Notes can be read, and written again when there is a connection.
        </p>
      )}
      {shown.length === 0 && noteList.loaded ? (
        <p className={styles.quiet}>
          {everywhere ? 'Nobody has remarked anything yet.' : 'No notes on this passage.'}
        </p>
      ) : null}
      <ul className={styles.list} aria-label="Notes">
        {shown.map((thread) => (
          <li key={thread.note.id}>
            <Thread
              thread={thread}
              desk={desk}
              online={online}
              active={noteList.active === thread.note.id}
              onChoose={() => {
                onOpen(thread.note.passageId);
                notes.choose(thread.note.id);
              }}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Selected {
  anchor: EditAnchor;
  quote: string;
}

/** What is selected in the text of a passage; the text tells everybody, and so us too. */
function useSelected(awareness: Awareness, text: Y.Text | null): Selected | null {
  const [selected, setSelected] = useState<Selected | null>(null);
  useEffect(() => {
    const look = () => {
      const range = text && rangeOf(text, awareness.getLocalState()?.cursor);
      const anchor = text && range ? anchorOf(text, range[0], range[1]) : null;
      setSelected((was) =>
        was?.quote === anchor?.quote && was?.anchor.start === anchor?.start
          ? was
          : anchor && { anchor, quote: anchor.quote },
      );
    };
    look();
    awareness.on('change', look);
    return () => awareness.off('change', look);
  }, [awareness, text]);
  return selected;
}

function rangeOf(
  text: Y.Text,
  cursor: { anchor: unknown; head: unknown } | null | undefined,
): [number, number] | null {
  if (!text.doc || !cursor) return null;
  const { doc } = text;
  const ends = [cursor.anchor, cursor.head].map((at) =>
    Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(at), doc),
  );
  const [a, b] = ends.map((end) => (end?.type === text ? end.index : null));
  return a != null && b != null && a !== b ? [Math.min(a, b), Math.max(a, b)] : null;
}

function NewNote({
  desk,
  passageId,
  online,
}: {
  desk: PanelProps['desk'];
  passageId: string;
  online: boolean;
}) {
  const { doc, state, notes, outline } = desk;
  const text = textOf(passagesOf(doc).get(passageId));
  const selected = useSelected(state.awareness, text);
  const [plain, setPlain] = useState(false);
  const anchor = plain ? null : selected;
  return (
    <WordsForm
      label="New note"
      placeholder={
        anchor ? 'What about these words?' : `What about “${outline.byId.get(passageId)?.name ?? ''}”?`
      }
      online={online}
      onSend={async (words) => {
        await notes.add(passageId, words, anchor?.anchor ?? null);
        setPlain(false);
      }}
    >
      {selected ? (
        <p className={styles.about}>
          {anchor ? <q>{short(anchor.quote)}</q> : 'On the whole passage'}
          <button type="button" className="quiet" onClick={() => setPlain(!plain)}>
            {anchor ? 'The whole passage instead' : 'The selected words instead'}
          </button>
        </p>
      ) : null}
    </WordsForm>
  );
}

const short = (quote: string): string => (quote.length > 120 ? `${quote.slice(0, 120)}…` : quote);

interface FormProps {
  label: string;
  placeholder: string;
  online: boolean;
  children?: ReactNode;
  /** Throws a StorywireError: then the words stay. */
  onSend: (words: string) => Promise<void>;
}

function WordsForm({ label, placeholder, online, children, onSend }: FormProps) {
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (words.trim() === '' || busy || !online) return;
    setBusy(true);
    setTrouble(null);
    try {
      await onSend(words.trim());
      setWords('');
    } catch (thrown) {
      setTrouble(asMessage(thrown));
    }
    setBusy(false);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {children}
      <textarea
        aria-label={label}
        placeholder={placeholder}
        rows={2}
        maxLength={LONGEST_NOTE}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit(event);
        }}
      />
      {words.trim() !== '' ? (
        <button type="submit" className="primary" disabled={busy || !online}>
          {busy ? 'Sending…' : 'Send'}
        </button>
      ) : null}
      <Alert>{trouble}</Alert>
    </form>
  );
}

interface ThreadProps extends Pick<PanelProps, 'desk'> {
  thread: NoteThread;
  online: boolean;
  active: boolean;
  onChoose: () => void;
}

function Thread({ thread: { note, replies }, desk, online, active, onChoose }: ThreadProps) {
  const { outline } = desk;
  const box = useRef<HTMLElement>(null);
  const row = outline.byId.get(note.passageId);
  const gone = useGone(desk, note);
  useEffect(() => {
    if (active) box.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <article
      ref={box}
      className={styles.thread}
      data-active={active || undefined}
      data-resolved={note.resolvedAt !== null || undefined}
      aria-label={`Note by ${note.user.display_name}`}
    >
      <button type="button" className={styles.place} disabled={!row} onClick={onChoose}>
        <span className={styles.passage}>
          {row ? row.name || 'Without a name' : 'A passage that is gone'}
        </span>
        {note.anchor ? <q data-gone={gone || undefined}>{short(note.anchor.quote)}</q> : null}
      </button>
      {gone ? <p className={styles.quiet}>{gone}</p> : null}
      <Words note={note} />
      {replies.map((reply) => (
        <Words key={reply.id} note={reply} />
      ))}
      <Acts note={note} desk={desk} online={online} />
    </article>
  );
}

/** What can be done with a thread. */
function Acts({
  note,
  desk: { notes, writable },
  online,
}: Omit<ThreadProps, 'thread' | 'active' | 'onChoose'> & { note: EditComment }) {
  const [answering, setAnswering] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const open = note.resolvedAt === null;
  const resolve = () => {
    setTrouble(null);
    notes.resolve(note.id, open).catch((thrown: unknown) => setTrouble(asMessage(thrown)));
  };
  return (
    <>
      {open ? null : (
        <p className={styles.quiet}>Resolved{note.resolvedBy ? ` by ${note.resolvedBy.display_name}` : ''}</p>
      )}
      <div className={styles.acts}>
        <button
          type="button"
          className="quiet"
          aria-expanded={answering}
          onClick={() => setAnswering(!answering)}
        >
          <CornerUpLeft size={15} strokeWidth={1.5} aria-hidden="true" />
          Reply
        </button>
        {writable ? (
          <button type="button" className="quiet" disabled={!online} onClick={resolve}>
            {open ? (
              <Check size={15} strokeWidth={1.5} aria-hidden="true" />
            ) : (
              <RotateCcw size={15} strokeWidth={1.5} aria-hidden="true" />
            )}
            {open ? 'Resolve' : 'Open again'}
          </button>
        ) : null}
      </div>
      <Alert>{trouble}</Alert>
      {answering ? (
        <WordsForm
          label={`Reply to ${note.user.display_name}`}
          placeholder="Your reply"
          online={online}
          onSend={async (words) => {
            await notes.reply(note.id, words);
            setAnswering(false);
          }}
        />
      ) : null}
    </>
  );
}

/** Why a note's place cannot be shown; null: it can. */
function useGone({ outline, doc }: PanelProps['desk'], note: EditComment): string | null {
  const row = outline.byId.get(note.passageId);
  const text = useMemo(() => textOf(passagesOf(doc).get(note.passageId)), [doc, note.passageId]);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const { anchor } = note;
    if (!text || !anchor) return;
    const look = () => setLost(placeOf(text, anchor) === null);
    look();
    text.observe(look);
    return () => text.unobserve(look);
  }, [text, note]);
  if (!row) return 'The passage has been deleted.';
  if (row.trashedAt !== null) return 'The passage is in the trash.';
  return lost ? 'The words it was about are gone.' : null;
}

function Words({ note }: { note: EditComment }) {
  const now = useNow();
  return (
    <div className={styles.words}>
      <Avatar person={note.user} size={24} />
      <div>
        <p className={styles.who}>
          <strong>{note.user.display_name}</strong>{' '}
          <time dateTime={note.createdAt}>{ago(note.createdAt, now)}</time>
        </p>
        <p className={styles.text}>{note.text}</p>
      </div>
    </div>
  );
}
