'use client';

import { useConnection, useSession } from '@storywire/client/react';
import { Keyboard, LogOut, Moon, Sun } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { type Account, signOut } from '@/lib/account';
import { toggleTheme } from '@/lib/theme';
import { useDismiss } from '@/lib/useDismiss';
import { Avatar } from './Avatar';
import { Bell } from './Bell';
import { openKeys } from './Keys';
import { ReadersNow } from './ReadersNow';
import styles from './topbar.module.css';
import { Wordmark } from './Wordmark';

interface Props {
  account: Account;
  storyId: string | null;
  /** What waits for the connection. */
  unsent: string;
}

export function TopBar({ account, storyId, unsent }: Props) {
  return (
    <>
      <header className={styles.bar}>
        <div className={styles.inner}>
          <Wordmark />
          <div className={styles.middle}>{storyId ? <ReadersNow storyId={storyId} /> : null}</div>
          <button
            type="button"
            className={styles.icon}
            aria-label="Change theme"
            title="Change theme (t)"
            onClick={toggleTheme}
          >
            <Moon className={styles.moon} size={20} strokeWidth={1.5} aria-hidden="true" />
            <Sun className={styles.sun} size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
          <Bell />
          <Me account={account} />
        </div>
      </header>
      <ConnectionLine unsent={unsent} />
    </>
  );
}

function Me({ account }: { account: Account }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const session = useSession();
  const { status } = useConnection();
  useDismiss(box, open, () => setOpen(false));
  const user = session?.user ?? account.user;
  const name = user?.display_name ?? 'You';
  return (
    <div className={styles.me} ref={box}>
      <button
        type="button"
        className={styles.face}
        aria-label={`You are ${name}`}
        aria-expanded={open}
        title={`You are ${name}`}
        onClick={() => setOpen(!open)}
      >
        <Avatar person={user ?? { id: account.token, display_name: name }} />
        <span className={styles.alive} data-state={status === 'connected' ? 'online' : 'offline'} />
      </button>
      {open ? (
        <div className={styles.menu}>
          <p className={styles.name}>{name}</p>
          <button type="button" onClick={openKeys}>
            <Keyboard size={18} strokeWidth={1.5} aria-hidden="true" />
            Keys
          </button>
          <button type="button" onClick={() => signOut()}>
            <LogOut size={18} strokeWidth={1.5} aria-hidden="true" />
            Sign out
          </button>
        </div>
      ) : null}
    </div>
  );
}

/** Says that there is no connection, but not for a blink of it. */
function ConnectionLine({ unsent }: { unsent: string }) {
  const { status } = useConnection();
  const [late, setLate] = useState(false);
  const away = status !== 'connected';
  useEffect(() => {
    if (!away) return;
    const timer = setTimeout(() => setLate(true), 1200);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [away]);
  return (
    <div
      role="status"
      aria-label="Connection"
      className={styles.connection}
      data-away={(away && late) || undefined}
    >
      {away && late ? (
        <p>
          {status === 'connecting'
            ? `Still connecting. Your ${unsent} will be sent when you are here.`
            : `You're offline. Your ${unsent} will be sent when you're back.`}
        </p>
      ) : null}
    </div>
  );
}
