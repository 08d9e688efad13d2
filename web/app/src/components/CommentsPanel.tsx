'use client';

import type { CommentRow } from '@storywire/client';
import {
  type UseComments,
  useComments,
  useReadable,
  useSession,
  useStorywire,
  useTyping,
} from '@storywire/client/react';
import { ArrowDown, MessageSquare } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { threadsOf } from '@/lib/threads';
import { useNow } from '@/lib/useNow';
import { elementOf, useUnseen } from '@/lib/useUnseen';
import { useVisible } from '@/lib/useVisible';
import { CommentThread } from './CommentThread';
import { Composer } from './Composer';
import styles from './comments.module.css';
import { Note } from './Note';
import { CommentsSkeleton } from './Skeletons';
import story from './story.module.css';
import { TypingLine } from './TypingLine';

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What readers say about a story: in the margin of a wide page, below it on a phone. */
export function CommentsPanel({ storyId }: { storyId: string }) {
  const comments = useComments(storyId);
  const { rows, hasEarlier } = comments;
  const { writers, keystroke, stop } = useTyping(storyId);
  const room = useReadable(useStorywire().story(storyId).room);
  const me = useSession()?.user.id ?? null;
  const [replyTo, setReplyTo] = useState<CommentRow | null>(null);
  const section = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const inView = useVisible(section);
  const { unseen, newest } = useUnseen({ rows, me, ready: comments.status === 'ready', scroller, end });
  const earlier = useKeptPlace(scroller, rows, comments.loadEarlier);
  const mayComment = room.status !== 'joined' || (room.role !== 'viewer' && room.role !== 'none');
  const send = (content: string) => {
    comments.send(content, replyTo?.id ?? null);
    setReplyTo(null);
  };
  return (
    <section ref={section} className={story.margin} aria-labelledby="comments">
      <div className={styles.head}>
        <h2 id="comments">Comments</h2>
        {rows.length > 0 && !hasEarlier ? <span>{rows.length}</span> : null}
      </div>
      <CommentList
        comments={comments}
        earlier={earlier}
        scroller={scroller}
        end={end}
        onReply={mayComment ? setReplyTo : null}
      />
      <div className={styles.foot}>
        {unseen.length > 0 && inView ? <Pill unseen={unseen} /> : null}
        <TypingLine writers={writers} />
        {mayComment ? (
          <Composer
            replyTo={replyTo}
            onCancelReply={() => setReplyTo(null)}
            onSend={send}
            onType={keystroke}
            onStop={stop}
          />
        ) : (
          <p className={styles.readonly}>You may read along here, but not comment.</p>
        )}
      </div>
      {inView ? null : (
        <Jump
          section={section}
          label={unseen.length > 0 ? counted(unseen.length, 'new comment') : null}
          total={rows.length}
        />
      )}
      <p className="visually-hidden" aria-live="polite">
        {newest ? `New comment by ${newest}` : ''}
      </p>
    </section>
  );
}

interface ListProps {
  comments: UseComments;
  earlier: () => void;
  scroller: RefObject<HTMLDivElement | null>;
  end: RefObject<HTMLDivElement | null>;
  onReply: ((row: CommentRow) => void) | null;
}

function CommentList({ comments, earlier, scroller, end, onReply }: ListProps) {
  const now = useNow();
  const { status, rows, hasEarlier, loadingEarlier, error, reload } = comments;
  const threads = useMemo(() => threadsOf(rows), [rows]);
  return (
    <div ref={scroller} className={styles.scroller}>
      {hasEarlier ? (
        <button type="button" className="quiet" disabled={loadingEarlier} onClick={earlier}>
          {loadingEarlier ? 'Fetching earlier comments…' : 'Earlier comments'}
        </button>
      ) : null}
      {status === 'loading' ? <CommentsSkeleton /> : null}
      {status === 'error' ? (
        <Note
          title="The comments could not be fetched."
          text={error?.message ?? ''}
          action="Try again"
          onAction={reload}
        />
      ) : null}
      {status === 'ready' && rows.length === 0 ? (
        <Note title="Nobody has said anything yet." text="You could be the first." />
      ) : null}
      {/* biome-ignore lint/a11y/noRedundantRoles: Safari forgets that a list without bullets is one. */}
      <ol role="list" aria-label="Comments" className={styles.list}>
        {threads.map(({ root, replies }) => (
          <CommentThread
            key={root.key}
            root={root}
            replies={replies}
            now={now}
            act={comments}
            onReply={onReply}
          />
        ))}
      </ol>
      <div ref={end} className={styles.end} />
    </div>
  );
}

/** What has arrived out of sight, and the way to it. */
function Pill({ unseen }: { unseen: readonly string[] }) {
  const [first] = unseen;
  const see = () => {
    if (first) elementOf(first)?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  };
  return (
    <button type="button" className={styles.pill} onClick={see}>
      {counted(unseen.length, 'new comment')}
      <ArrowDown size={16} strokeWidth={1.5} aria-hidden="true" />
    </button>
  );
}

/** On a phone, while the story fills the screen: the way down to the comments. */
function Jump({
  section,
  label,
  total,
}: {
  section: RefObject<HTMLElement | null>;
  label: string | null;
  total: number;
}) {
  return (
    <button
      type="button"
      className={styles.jump}
      data-new={label !== null || undefined}
      onClick={() => section.current?.scrollIntoView({ behavior: 'smooth' })}
    >
      <MessageSquare size={16} strokeWidth={1.5} aria-hidden="true" />
      {label ?? (total > 0 ? counted(total, 'comment') : 'Comments')}
    </button>
  );
}

/** Fetches earlier comments and keeps what one was reading where it was. */
function useKeptPlace(scroller: RefObject<HTMLDivElement | null>, rows: unknown, load: () => Promise<void>) {
  const before = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once the rows have grown.
  useEffect(() => {
    const box = scroller.current;
    if (box === null || before.current === null) return;
    box.scrollTop += box.scrollHeight - before.current;
    before.current = null;
  }, [rows]);
  return useCallback(() => {
    before.current = scroller.current?.scrollHeight ?? null;
    void load();
  }, [scroller, load]);
}
