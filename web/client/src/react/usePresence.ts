import { useCallback, useSyncExternalStore } from 'react';
import type { Readers } from '../presence.js';
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
