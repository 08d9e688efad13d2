import { type RefObject, useCallback, useEffect, useState } from 'react';

/** Rows above and below the view that are there already when one scrolls. */
const SPARE = 8;

/** The rows from `first` to before `last` that are in view, with some to spare. */
export function rowsIn(scrolled: number, seen: number, height: number): { first: number; last: number } {
  const top = Math.floor(scrolled / height);
  return { first: Math.max(0, top - SPARE), last: top + Math.ceil(seen / height) + SPARE };
}

/** Which of `count` rows of the same height are in view of a scrolling box, and how to bring one there. */
export function useWindow(box: RefObject<HTMLElement | null>, height: number, count: number) {
  const [range, setRange] = useState({ first: 0, last: 40 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => {
      const { first, last } = rowsIn(element.scrollTop, element.clientHeight, height);
      setRange((was) => (was.first === first && was.last === last ? was : { first, last }));
    };
    look();
    const size = new ResizeObserver(look);
    size.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      size.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [box, height]);
  const reveal = useCallback(
    (row: number) => {
      const element = box.current;
      if (!element) return;
      const [top, bottom] = [row * height, (row + 1) * height];
      if (top < element.scrollTop) element.scrollTop = top;
      else if (bottom > element.scrollTop + element.clientHeight) {
        element.scrollTop = bottom - element.clientHeight;
      }
    },
    [box, height],
  );
  return { first: Math.min(range.first, Math.max(0, count - 1)), last: range.last, reveal };
}
