import { useEffect, useRef } from 'react';
import type { InboxState } from '../notifications.js';
import type { Notification } from '../wire.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

export function useUnread(): number {
  return useReadable(useStorywire().notifications.unread);
}

/** The inbox, fetched for the first component that shows it. */
export function useInbox(): InboxState {
  return useReadable(useStorywire().notifications.inbox);
}

/** Calls the latest `handler` for every notification that arrives while mounted. */
export function useArrivals(handler: (notification: Notification) => void): void {
  const { notifications } = useStorywire();
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  }, [handler]);
  useEffect(() => notifications.onArrival((notification) => latest.current(notification)), [notifications]);
}
