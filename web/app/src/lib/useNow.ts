import { Value } from '@storywire/client';
import { useReadable } from '@storywire/client/react';

/** The present, moved on every half minute while somebody looks at it. */
const now = new Value(0, () => {
  now.set(Date.now());
  const timer = setInterval(() => now.set(Date.now()), 30_000);
  return () => clearInterval(timer);
});

export function useNow(): number {
  return useReadable(now) || Date.now();
}
