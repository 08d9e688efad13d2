import type { CommentRow } from '@storywire/client';

export interface Thread {
  root: CommentRow;
  replies: CommentRow[];
}

/** Comments with their replies below them. A reply whose comment is not here stands by itself. */
export function threadsOf(rows: readonly CommentRow[]): Thread[] {
  const threads: Thread[] = [];
  const byId = new Map<string, Thread>();
  for (const row of rows) {
    const parent = row.parentId === null ? undefined : byId.get(row.parentId);
    if (parent) {
      parent.replies.push(row);
      continue;
    }
    const thread = { root: row, replies: [] };
    threads.push(thread);
    if (row.id !== null) byId.set(row.id, thread);
  }
  return threads;
}
