'use client';

import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { onKey } from '@/lib/keys';
import { navigate } from '@/lib/route';
import { toggleTheme } from '@/lib/theme';
import styles from './dialog.module.css';

const KEYS = [
  ['c', 'Write a comment'],
  ['Enter', 'Send it'],
  ['Shift Enter', 'A new line'],
  ['1 … 9', 'Choose, in a party'],
  ['r', 'Ready, in the lobby of a party'],
  ['Ctrl Z', 'Undo: in a text your words, beside it names, tags and places'],
  ['n', 'Notifications'],
  ['i', 'Inbox'],
  ['h', 'Home'],
  ['t', 'Light or dark'],
  ['Esc', 'Close what is open'],
  ['?', 'This list'],
] as const;

const OPEN = 'storywire:keys';

/** Shows the list of keys, from anywhere. */
export function openKeys(): void {
  document.dispatchEvent(new Event(OPEN));
}

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const show = () => dialog.current?.showModal();
    document.addEventListener(OPEN, show);
    const stops = [
      onKey('?', show),
      onKey('t', toggleTheme),
      onKey('h', () => navigate('/')),
      onKey('i', () => navigate('/inbox')),
    ];
    return () => {
      document.removeEventListener(OPEN, show);
      for (const stop of stops) stop();
    };
  }, []);
  return (
    <dialog ref={dialog} className={styles.dialog} data-narrow aria-labelledby="keys">
      <div className={styles.head}>
        <h2 id="keys">Keys</h2>
        <button
          type="button"
          className={styles.close}
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <X size={20} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </div>
      <dl className={styles.keys}>
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
