'use client';

import type { Notification } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { Bell } from 'lucide-react';
import { placeOf } from '@/lib/place';
import { ago } from '@/lib/time';
import { LiveAvatar } from './Avatar';
import styles from './inbox.module.css';
import { To } from './To';

interface Props {
  notification: Notification;
  now: number;
  onFollow?: (() => void) | undefined;
}

export function NotificationItem({ notification, now, onFollow }: Props) {
  const { notifications } = useStorywire();
  const { id, title, body, actor, createdAt, readAt, link } = notification;
  const place = placeOf(link);
  const read = () => {
    if (readAt === null) void notifications.markRead([id]);
  };
  const content = (
    <>
      {actor ? (
        <LiveAvatar user={actor} />
      ) : (
        <span className={styles.system}>
          <Bell size={16} strokeWidth={1.5} aria-hidden="true" />
        </span>
      )}
      <span className={styles.words}>
        <span className={styles.title}>{title}</span>
        {body ? <span className={styles.body}>{body}</span> : null}
      </span>
      <time className={styles.time} dateTime={createdAt}>
        {ago(createdAt, now)}
      </time>
    </>
  );
  return (
    <li className={styles.item} data-state={readAt === null ? 'unread' : 'read'}>
      {place ? (
        <To
          href={place}
          className={styles.row}
          onClick={() => {
            read();
            onFollow?.();
          }}
        >
          {content}
        </To>
      ) : (
        <button type="button" className={styles.row} onClick={read}>
          {content}
        </button>
      )}
    </li>
  );
}
