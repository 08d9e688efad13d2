import { useCallback, useEffect, useState } from 'react';
import { asMessage } from './message';

export interface Loaded<T> {
  /** Null until it has come. */
  value: T | null;
  error: string | null;
  reload: () => void;
}

/** What `load` brings, anew whenever `load` is another function. What is there stays until the next has come. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt loads again.
  useEffect(() => {
    let gone = false;
    load().then(
      (found) => {
        if (gone) return;
        setValue(found);
        setError(null);
      },
      (thrown: unknown) => {
        if (!gone) setError(asMessage(thrown));
      },
    );
    return () => {
      gone = true;
    };
  }, [load, attempt]);
  const reload = useCallback(() => setAttempt((n) => n + 1), []);
  return { value, error, reload };
}
