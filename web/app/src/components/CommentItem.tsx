'use client';

import type { CommentRow } from '@storywire/client';
import type { UseComments } from '@storywire/client/react';
import type { ReactNode } from 'react';
import { ago } from '@/lib/time';
import { domId } from '@/lib/useUnseen';
import { LiveAvatar } from './Avatar';
import styles from './comments.module.css';

interface Props {
  row: CommentRow;
  now: number;
  act: Pick<UseComments, 'retry' | 'discard'>;
  onReply: (() => void) | null;
  children?: ReactNode;
}

/** One comment. On its way it stands in lighter ink. */
export function CommentItem({ row, now, act, onReply, children }: Props) {
  const { status, user, content, createdAt, cid, error } = row;
  return (
    <li
      id={domId(row.key)}
      className={styles.item}
      data-state={status}
      data-reply={row.parentId !== null || undefined}
    >
      <LiveAvatar user={user} size={row.parentId === null ? 32 : 24} />
      <div className={styles.words}>
        <p className={styles.meta}>
          <span className={styles.name}>{user.display_name}</span>
          <time dateTime={createdAt} title={new Date(createdAt).toLocaleString()}>
            {status === 'sending' ? 'Sending…' : ago(createdAt, now)}
          </time>
        </p>
        <p className={styles.content}>{content}</p>
        {status === 'failed' && cid !== null ? (
          <p className={styles.failed} role="alert">
            Not sent. {error?.message}{' '}
            <button type="button" className="quiet" onClick={() => act.retry(cid)}>
              Try again
            </button>{' '}
            <button type="button" className="quiet" onClick={() => act.discard(cid)}>
              Discard
            </button>
          </p>
        ) : null}
        {status === 'sent' && onReply ? (
          <button
            type="button"
            className={styles.reply}
            aria-label={`Reply to ${user.display_name}`}
            onClick={onReply}
          >
            Reply
          </button>
        ) : null}
        {children}
      </div>
    </li>
  );
}
