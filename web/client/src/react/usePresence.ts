import { useCallback, useEffect, useSyncExternalStore } from 'react';
import type { Readers } from '../presence.js';
import type { Activity } from '../wire.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

/** Whether this user is online; rendered anew only when that changes. */
export function useOnline(userId: string): boolean {
  const { online } = useStorywire();
  const get = useCallback(() => online.get().has(userId), [online, userId]);
  return useSyncExternalStore(online.subscribe, get, get);
}

export function useReaders(storyId: string): Readers {
  return useReadable(useStorywire().story(storyId).readers);
}

/** Tells others that the user does this in a story while the component is mounted; null: nothing. */
export function useActivity(storyId: string | null, kind: Activity['kind']): void {
  const storywire = useStorywire();
  useEffect(
    () => (storyId === null ? undefined : storywire.story(storyId).activity.hold(kind)),
    [storywire, storyId, kind],
  );
}
