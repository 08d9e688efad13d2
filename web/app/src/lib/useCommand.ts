import { StorywireError } from '@storywire/client';
import { useCallback, useState } from 'react';
import { asMessage } from './message';

/** Runs what the reader asked for; `busy` meanwhile, and what to tell them when it did not work. */
export function useCommand() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const run = useCallback(async (command: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await command();
    } catch (thrown) {
      const offline = thrown instanceof StorywireError && thrown.code === 'OFFLINE';
      setError(offline ? "You're offline. Try again when you're back." : asMessage(thrown));
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}
