'use client';

import { type ChatRow, PLAY_LIMITS } from '@storywire/client';
import { usePartyChat, useSession } from '@storywire/client/react';
import { MessageSquare } from 'lucide-react';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { ago } from '@/lib/time';
import { useNow } from '@/lib/useNow';
import { useVisible } from '@/lib/useVisible';
import { LiveAvatar } from './Avatar';
import { Composer } from './Composer';
import comments from './comments.module.css';
import styles from './party.module.css';
import { CommentsSkeleton } from './Skeletons';
import { TypingLine } from './TypingLine';

/** What the party says while it plays. */
export function PartyChat({ id }: { id: string }) {
  const { status, rows, writers, say, retry, discard, keystroke, stop } = usePartyChat(id);
  const now = useNow();
  const me = useSession()?.user.id;
  const section = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  useStickToEnd(scroller, rows);
  const inView = useVisible(section);
  const unheard = useUnheard(rows, me, status === 'ready', inView);
  const last = rows.findLast(({ user, status }) => user.id !== me && status === 'sent');
  return (
    <section ref={section} className={styles.chat} aria-labelledby="chat">
      <div className={styles.chatHead}>
        <h2 id="chat">Talk</h2>
      </div>
      <div ref={scroller} className={styles.chatScroller}>
        {status === 'loading' ? <CommentsSkeleton /> : null}
        {status !== 'loading' && rows.length === 0 ? (
          <p className={styles.hush}>
            {status === 'error' ? 'What was said before could not be fetched.' : 'Nothing has been said yet.'}
          </p>
        ) : null}
        <ol aria-label="Chat">
          {rows.map((row, i) => (
            <Said
              key={row.key}
              row={row}
              now={now}
              goesOn={rows[i - 1]?.user.id === row.user.id}
              retry={retry}
              discard={discard}
            />
          ))}
        </ol>
      </div>
      <div className={comments.foot}>
        <TypingLine writers={writers} />
        <Composer
          label="Say something"
          longest={PLAY_LIMITS.message}
          replyTo={null}
          onCancelReply={stop}
          onSend={say}
          onType={keystroke}
          onStop={stop}
        />
      </div>
      {unheard > 0 ? (
        <button
          type="button"
          className={comments.jump}
          data-new
          onClick={() => section.current?.scrollIntoView({ behavior: 'smooth' })}
        >
          <MessageSquare size={16} strokeWidth={1.5} aria-hidden="true" />
          {unheard === 1 ? '1 new message' : `${unheard} new messages`}
        </button>
      ) : null}
      <p className="visually-hidden" aria-live="polite">
        {last ? `${last.user.display_name}: ${last.text}` : ''}
      </p>
    </section>
  );
}

interface SaidProps {
  row: ChatRow;
  now: number;
  /** The same person spoke before. */
  goesOn: boolean;
  retry: (key: string) => void;
  discard: (key: string) => void;
}

function Said({ row, now, goesOn, retry, discard }: SaidProps) {
  const { key, status, user, text, at, error } = row;
  return (
    <li className={styles.said} data-state={status} data-goes-on={goesOn || undefined}>
      {goesOn ? null : <LiveAvatar user={user} size={28} />}
      <div>
        {goesOn ? null : (
          <p className={comments.meta}>
            <span className={comments.name}>{user.display_name}</span>
            <time dateTime={at}>{status === 'sending' ? 'Sending…' : ago(at, now)}</time>
          </p>
        )}
        <p className={styles.saidText}>{text}</p>
        {status === 'failed' ? (
          <p className={comments.failed} role="alert">
            Not sent. {error?.message}{' '}
            <button type="button" className="quiet" onClick={() => retry(key)}>
              Try again
            </button>{' '}
            <button type="button" className="quiet" onClick={() => discard(key)}>
              Discard
            </button>
          </p>
        ) : null}
      </div>
    </li>
  );
}

/** How much others have said out of sight. What was said before the page was opened is not new. */
function useUnheard(
  rows: readonly ChatRow[],
  me: string | undefined,
  ready: boolean,
  inView: boolean,
): number {
  const [heard, setHeard] = useState<number | null>(null);
  useEffect(() => {
    if (ready && (inView || heard === null)) setHeard(rows.length);
  }, [rows.length, ready, inView, heard]);
  return inView || heard === null ? 0 : rows.slice(heard).filter(({ user }) => user.id !== me).length;
}

/** Nearer than this to the end counts as being there, in pixels: about one line. */
const NEAR = 32;

/** Keeps a list that scrolls by itself at its end, unless somebody has scrolled up in it. */
function useStickToEnd(box: RefObject<HTMLElement | null>, rows: readonly ChatRow[]): void {
  const atEnd = useRef(true);
  useEffect(() => {
    const list = box.current;
    const scrolled = () => {
      if (list) atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    };
    list?.addEventListener('scroll', scrolled, { passive: true });
    return () => list?.removeEventListener('scroll', scrolled);
  }, [box]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows move the end.
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [box, rows]);
}
