import { useUnread } from '@storywire/client/react';
import { useEffect } from 'react';

/** Names the tab, with what is unread in front. */
export function useTitle(title: string | null): void {
  const unread = useUnread();
  useEffect(() => {
    const name = title ? `${title} · Storywire` : 'Storywire';
    document.title = unread > 0 ? `(${unread}) ${name}` : name;
  }, [title, unread]);
}
