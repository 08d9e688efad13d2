import { useSyncExternalStore } from 'react';
import type { Readable } from '../store.js';

/** The current value of a store, rendered anew when it changes. */
export function useReadable<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}
