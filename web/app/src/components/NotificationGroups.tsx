'use client';

import type { Notification } from '@storywire/client';
import { useInbox, useStorywire, useUnread } from '@storywire/client/react';
import { dayOf } from '@/lib/time';
import { useNow } from '@/lib/useNow';
import styles from './inbox.module.css';
import { Note } from './Note';
import { NotificationItem } from './NotificationItem';
import { InboxSkeleton } from './Skeletons';

interface Group {
  name: string;
  items: Notification[];
}

/** Unread ones first, then what was read, day by day. */
function groupsOf(items: readonly Notification[], now: number): Group[] {
  const groups: Group[] = [];
  const unread = items.filter(({ readAt }) => readAt === null);
  if (unread.length > 0) groups.push({ name: 'Unread', items: unread });
  for (const item of items) {
    if (item.readAt === null) continue;
    const name = dayOf(item.createdAt, now);
    const last = groups.at(-1);
    if (last?.name === name) last.items.push(item);
    else groups.push({ name, items: [item] });
  }
  return groups;
}

export function NotificationGroups({
  compact = false,
  onFollow,
}: {
  compact?: boolean;
  onFollow?: () => void;
}) {
  const { status, items, hasMore, error } = useInbox();
  const { notifications } = useStorywire();
  const unread = useUnread();
  const now = useNow();
  const Heading = compact ? 'h2' : 'h1';
  const again = () => void notifications.reload();
  return (
    <>
      <div className={styles.head}>
        <Heading className={styles.heading}>{compact ? 'Notifications' : 'Inbox'}</Heading>
        {unread > 0 ? (
          <button type="button" className="quiet" onClick={() => void notifications.markAllRead()}>
            Mark all read
          </button>
        ) : null}
      </div>
      {error ? (
        <Note title="That did not work." text={error.message} action="Try again" onAction={again} />
      ) : null}
      {status === 'loading' ? <InboxSkeleton bare /> : null}
      {status === 'ready' && items.length === 0 ? (
        <Note title="Nothing yet." text="When somebody answers you or comments on your story, it is here." />
      ) : null}
      {groupsOf(items, now).map(({ name, items: group }) => (
        <section key={name} aria-label={name}>
          <h3 className={styles.day}>{name}</h3>
          <ul>
            {group.map((item) => (
              <NotificationItem key={item.id} notification={item} now={now} onFollow={onFollow} />
            ))}
          </ul>
        </section>
      ))}
      {hasMore && !compact ? (
        <button type="button" className="plain" onClick={() => void notifications.loadMore()}>
          Show earlier ones
        </button>
      ) : null}
    </>
  );
}
