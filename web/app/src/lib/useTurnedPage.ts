import { type RefObject, useLayoutEffect, useRef } from 'react';

/**
 * Shows another passage from its beginning; a keyboard that stood on a choice, which is gone now, begins at its
 * heading. `turned`: the first one that is shown is another one already.
 */
export function useTurnedPage(heading: RefObject<HTMLElement | null>, round: number, turned = false): void {
  const before = useRef(turned ? null : round);
  useLayoutEffect(() => {
    if (before.current === round) return;
    before.current = round;
    const at = document.activeElement;
    // Whoever writes is left alone.
    if (at instanceof HTMLTextAreaElement) return;
    window.scrollTo({ top: 0 });
    if (at === document.body || at?.closest('main ol')) heading.current?.focus({ preventScroll: true });
  }, [heading, round]);
}
