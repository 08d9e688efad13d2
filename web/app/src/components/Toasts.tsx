'use client';

import type { Notification } from '@storywire/client';
import { useArrivals, useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { placeOf } from '@/lib/place';
import { Avatar } from './Avatar';
import { To } from './To';
import styles from './toasts.module.css';

/** Long enough to be read twice. */
const STAY_MS = 7_000;
/** More at once is a wall; the bell has them all. */
const MOST = 3;

export function Toasts() {
  const [toasts, setToasts] = useState<readonly Notification[]>([]);
  const dismiss = useCallback(
    (gone: string) => setToasts((list) => list.filter(({ id }) => id !== gone)),
    [],
  );
  useArrivals((notification) => setToasts((list) => [...list, notification].slice(-MOST)));
  return (
    <section aria-label="New notifications" aria-live="polite" className={styles.toasts}>
      {toasts.map((notification) => (
        <Toast key={notification.id} notification={notification} onDismiss={dismiss} />
      ))}
    </section>
  );
}

function Toast({ notification, onDismiss }: { notification: Notification; onDismiss: (id: string) => void }) {
  const { notifications } = useStorywire();
  const [held, setHeld] = useState(false);
  const { id, title, body, actor, link } = notification;
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onDismiss(id), STAY_MS);
    return () => clearTimeout(timer);
  }, [held, id, onDismiss]);
  const words = (
    <>
      {actor ? <Avatar person={actor} /> : null}
      <span className={styles.words}>
        <span className={styles.title}>{title}</span>
        {body ? <span className={styles.body}>{body}</span> : null}
      </span>
    </>
  );
  const place = placeOf(link);
  const follow = () => {
    void notifications.markRead([id]);
    onDismiss(id);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: holding the toast while it is looked at is no control of its own.
    <div
      className={styles.toast}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {place ? (
        <To href={place} className={styles.row} onClick={follow}>
          {words}
        </To>
      ) : (
        <div className={styles.row}>{words}</div>
      )}
      <button type="button" aria-label="Dismiss" title="Dismiss" onClick={() => onDismiss(id)}>
        <X size={16} strokeWidth={1.5} aria-hidden="true" />
      </button>
    </div>
  );
}
