'use client';

import type { CommentRow } from '@storywire/client';
import { X } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { onKey } from '@/lib/keys';
import styles from './comments.module.css';

/** The server's limit of a comment, in characters. */
const LONGEST = 5000;

interface Props {
  /** What is written here. */
  label?: string;
  /** In characters. */
  longest?: number;
  replyTo: CommentRow | null;
  onCancelReply: () => void;
  onSend: (content: string) => void;
  onType: () => void;
  onStop: () => void;
}

export function Composer(props: Props) {
  const { label = 'Write a comment', longest = LONGEST } = props;
  const { replyTo, onCancelReply, onSend, onType, onStop } = props;
  const [content, setContent] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => onKey('c', () => field.current?.focus()), []);
  useEffect(() => {
    if (replyTo) field.current?.focus();
  }, [replyTo]);
  const change = (next: string) => {
    setContent(next);
    if (next.trim() === '') onStop();
    else onType();
  };
  const send = () => {
    const words = content.trim();
    if (words === '') return;
    onStop();
    onSend(words);
    setContent('');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && replyTo) onCancelReply();
    // On a phone, and while a word is being composed, Enter belongs to the keyboard.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    if (window.matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    send();
  };
  return (
    <form className={styles.composer} onSubmit={submit}>
      {replyTo ? <Replying name={replyTo.user.display_name} onCancel={onCancelReply} /> : null}
      <div className={styles.actions}>
        <textarea
          ref={field}
          rows={1}
          aria-label={label}
          placeholder={`${label}...`}
          maxLength={longest}
          value={content}
          onChange={(event) => change(event.target.value)}
          onKeyDown={press}
          onBlur={onStop}
        />
        <button type="submit" className={styles.send} disabled={content.trim() === ''}>
          Send
        </button>
      </div>
      {content.length > longest * 0.9 ? (
        <p className={styles.left}>{longest - content.length} characters left</p>
      ) : null}
    </form>
  );
}

function Replying({ name, onCancel }: { name: string; onCancel: () => void }) {
  return (
    <p className={styles.replying}>
      <span>
        Replying to <strong>{name}</strong>
      </span>
      <button type="button" aria-label="Do not reply" title="Do not reply" onClick={onCancel}>
        <X size={16} strokeWidth={1.5} aria-hidden="true" />
      </button>
    </p>
  );
}
