'use client';

import type { CommentRow } from '@storywire/client';
import type { UseComments } from '@storywire/client/react';
import { CommentItem } from './CommentItem';
import styles from './comments.module.css';

interface Props {
  root: CommentRow;
  replies: readonly CommentRow[];
  now: number;
  act: Pick<UseComments, 'retry' | 'discard'>;
  /** Null where one may only read. */
  onReply: ((row: CommentRow) => void) | null;
}

/** A comment and what was answered to it. */
export function CommentThread({ root, replies, now, act, onReply }: Props) {
  const reply = onReply && root.id !== null ? () => onReply(root) : null;
  return (
    <CommentItem row={root} now={now} act={act} onReply={reply}>
      {replies.length > 0 ? (
        // biome-ignore lint/a11y/noRedundantRoles: Safari forgets that a list without bullets is one.
        <ol role="list" aria-label={`Replies to ${root.user.display_name}`} className={styles.replies}>
          {replies.map((row) => (
            <CommentItem key={row.key} row={row} now={now} act={act} onReply={reply} />
          ))}
        </ol>
      ) : null}
    </CommentItem>
  );
}
