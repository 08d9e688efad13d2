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
      if (box && scrolls(box)) box.scrollTop = box.scrollHeight;
      return;
    }
    const before = known.current;
    const start = rows.findIndex(({ key }) => before.has(key));
    // What comes before the first known one was fetched from the past: not new.
    const fresh = rows.filter(({ key }, index) => !before.has(key) && index > start);
    for (const { key } of rows) before.add(key);
    const last = fresh.at(-1);
    if (!last) return;
    const others = fresh.filter(({ user }) => user.id !== me);
    const isLast = last.key === rows.at(-1)?.key && last.parentId === null;
    const own = last.user.id === me;
    if (own || (atEnd.current && isLast)) {
      if (box && isLast && scrolls(box)) box.scrollTop = box.scrollHeight;
      else (isLast ? end.current : elementOf(last.key))?.scrollIntoView({ block: 'nearest' });
    } else {
      setUnseen((list) => [...list, ...others.map(({ key }) => key)]);
    }
    const name = others.at(-1)?.user.display_name;
    if (name) setNewest(name);
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
