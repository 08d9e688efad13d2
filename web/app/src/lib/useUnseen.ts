import type { CommentRow } from '@storywire/client';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

interface Options {
  rows: readonly CommentRow[];
  /** The reader's own id: what one wrote oneself is never new. */
  me: string | null;
  ready: boolean;
  scroller: RefObject<HTMLElement | null>;
  /** An empty element after the last comment. */
  end: RefObject<HTMLElement | null>;
}

export const domId = (key: string): string => `comment-${key}`;
export const elementOf = (key: string): HTMLElement | null => document.getElementById(domId(key));

/** True when the list scrolls by itself (the margin of a wide page), false when the page does. */
const scrolls = (box: HTMLElement) => getComputedStyle(box).overflowY !== 'visible';

/** Scrolls a list that scrolls by itself to its end; false when it is the page that scrolls. */
function toEnd(box: HTMLElement | null): boolean {
  if (box === null || !scrolls(box)) return false;
  box.scrollTop = box.scrollHeight;
  return true;
}

/** The rows that are not known yet, which then are. What stands before the first known one is from the past: not new. */
function freshOf(rows: readonly CommentRow[], known: Set<string>): CommentRow[] {
  const start = rows.findIndex(({ key }) => known.has(key));
  const fresh = rows.filter(({ key }, index) => index > start && !known.has(key));
  for (const { key } of rows) known.add(key);
  return fresh;
}

function follow(closes: boolean, key: string, box: HTMLElement | null, end: HTMLElement | null): void {
  if (!closes) elementOf(key)?.scrollIntoView({ block: 'nearest' });
  else if (!toEnd(box)) end?.scrollIntoView({ block: 'nearest' });
}

/**
 * Follows a list that grows at its end: stays at the end when one is there, and otherwise leaves the page
 * alone and tells the keys of what has arrived out of sight.
 */
export function useUnseen({ rows, me, ready, scroller, end }: Options) {
  const [unseen, setUnseen] = useState<readonly string[]>([]);
  const [newest, setNewest] = useState<string | null>(null);
  const known = useRef<Set<string> | null>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    if (end.current === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      atEnd.current = entry?.isIntersecting ?? true;
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [end]);

  useLayoutEffect(() => {
    if (!ready) return;
    const box = scroller.current;
    if (known.current === null) {
      known.current = new Set(rows.map(({ key }) => key));
      toEnd(box);
      return;
    }
    const fresh = freshOf(rows, known.current);
    const last = fresh.at(-1);
    if (!last) return;
    const closes = last.parentId === null && last.key === rows.at(-1)?.key;
    const others = fresh.filter(({ user }) => user.id !== me);
    if (last.user.id === me || (atEnd.current && closes)) follow(closes, last.key, box, end.current);
    else setUnseen((list) => [...list, ...others.map(({ key }) => key)]);
    setNewest((before) => others.at(-1)?.user.display_name ?? before);
  }, [rows, me, ready, scroller, end]);

  useEffect(() => {
    if (unseen.length === 0) return;
    const observer = new IntersectionObserver((entries) => {
      const seen = new Set(
        entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target.id),
      );
      if (seen.size > 0) setUnseen((list) => list.filter((key) => !seen.has(domId(key))));
    });
    for (const key of unseen) {
      const element = elementOf(key);
      if (element) observer.observe(element);
    }
    return () => observer.disconnect();
  }, [unseen]);

  return { unseen, newest };
}
