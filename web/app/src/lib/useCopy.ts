import { useCallback, useEffect, useState } from 'react';

/** Long enough to be read. */
const SAID_MS = 2_500;

/** Copies a text; `copied` for a moment when that worked. */
export function useCopy() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = useCallback(async (text: string): Promise<void> => {
    // Browsers give the clipboard to safe origins only; what is copied can be selected by hand everywhere.
    await navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  }, []);
  return { copied, copy };
}
