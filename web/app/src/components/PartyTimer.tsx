'use client';

import type { PartyDeadline } from '@storywire/client';
import { useEffect, useRef, useState } from 'react';
import styles from './party.module.css';

/** Often enough for a line to look calm, seldom enough to cost nothing. */
const STEP_MS = 250;
/** From here on the seconds are counted in words. */
const SOON_SEC = 10;

const secondsLeft = (deadline: PartyDeadline | null): number | null =>
  deadline && Math.max(0, Math.ceil((deadline.at - performance.now()) / 1000));

/** The time for this choice: a thin line at the top edge of the window, and words when it runs out. */
export function PartyTimer({ deadline }: { deadline: PartyDeadline | null }) {
  const line = useRef<HTMLDivElement>(null);
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    const step = () => {
      setLeft(secondsLeft(deadline));
      if (deadline === null || line.current === null) return;
      const share = Math.min(1, Math.max(0, (deadline.at - performance.now()) / deadline.wholeMs));
      line.current.style.transform = `scaleX(${share})`;
    };
    step();
    if (deadline === null) return;
    const timer = setInterval(step, STEP_MS);
    return () => clearInterval(timer);
  }, [deadline]);
  if (deadline === null || left === null) return null;
  return (
    <>
      <div
        ref={line}
        className={styles.timer}
        data-soon={left <= SOON_SEC || undefined}
        role="timer"
        aria-label={`${left} seconds left`}
      />
      <p className="visually-hidden" aria-live="assertive">
        {left === SOON_SEC ? `${SOON_SEC} seconds left to choose` : ''}
      </p>
    </>
  );
}

/** The seconds in words when few are left. */
export function SecondsLeft({ deadline }: { deadline: PartyDeadline | null }) {
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    const step = () => setLeft(secondsLeft(deadline));
    step();
    if (deadline === null) return;
    const timer = setInterval(step, STEP_MS);
    return () => clearInterval(timer);
  }, [deadline]);
  if (left === null || left > SOON_SEC) return null;
  return <span className={styles.seconds}>{left === 1 ? '1 second left' : `${left} seconds left`}</span>;
}
