'use client';

import { useReadable } from '@storywire/client/react';
import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cast } from '@/lib/cast';
import { recall, remember } from '@/lib/storage';
import styles from './strip.module.css';

const KEY = 'strip';

/** On a demo: how to be a second person. Gone once dismissed. */
export function DemoStrip() {
  const { status } = useReadable(cast);
  const [dismissed, setDismissed] = useState(true);
  useEffect(() => setDismissed(recall(KEY) === 'gone'), []);
  if (status !== 'demo' || dismissed) return null;
  const dismiss = () => {
    remember(KEY, 'gone');
    setDismissed(true);
  };
  return (
    <aside className={styles.strip} data-strip="" aria-label="About this demo">
      <p>
        <strong>A demo, and more fun with company.</strong> Open this page in a private window, sign in as
        somebody else, and answer yourself.
      </p>
      <button type="button" aria-label="Dismiss" title="Dismiss" onClick={dismiss}>
        <X size={18} strokeWidth={1.5} aria-hidden="true" />
      </button>
    </aside>
  );
}
