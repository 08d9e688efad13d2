'use client';

import { useUnread } from '@storywire/client/react';
import { Bell as BellIcon } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { onKey } from '@/lib/keys';
import { useDismiss } from '@/lib/useDismiss';
import styles from './inbox.module.css';
import { NotificationGroups } from './NotificationGroups';
import { To } from './To';
import bar from './topbar.module.css';

/** The bell with what is unread, and the panel that it opens. */
export function Bell() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const unread = useUnread();
  const unreadId = useId();
  useDismiss(box, open, () => setOpen(false));
  useEffect(() => onKey('n', () => setOpen((was) => !was)), []);
  return (
    <div className={styles.bell} ref={box}>
      <button
        type="button"
        className={bar.icon}
        aria-label="Notifications"
        aria-describedby={unreadId}
        aria-expanded={open}
        title="Notifications (n)"
        onClick={() => setOpen(!open)}
      >
        <BellIcon size={20} strokeWidth={1.5} aria-hidden="true" />
        {unread > 0 ? (
          <span className={bar.badge} aria-hidden="true">
            {unread > 99 ? '99+' : unread}
          </span>
        ) : null}
      </button>
      <span id={unreadId} className="visually-hidden" aria-live="polite">
        {unread === 0 ? 'Nothing unread' : `${unread} unread`}
      </span>
      {open ? (
        <section className={styles.panel} aria-label="Notifications">
          <NotificationGroups compact onFollow={() => setOpen(false)} />
          <To href="/inbox" className={styles.all} onClick={() => setOpen(false)}>
            Open the inbox
          </To>
        </section>
      ) : null}
    </div>
  );
}
