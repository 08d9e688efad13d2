'use client';

import { mayWrite } from '@storywire/client/edit';
import { useEffect, useRef, useState } from 'react';
import { download } from '@/lib/editor/download';
import type { Desk } from '@/lib/editor/useDesk';
import styles from './desk.module.css';
import { PublishedNotice } from './PublishedNotice';

/** What must be said aloud: that one may no longer write, and that a text had to be given up. */
export function Notices({ desk }: { desk: Desk }) {
  const { state, provider } = desk;
  const lost = useLostRole(desk);
  const { recovery } = state;
  return (
    <>
      <PublishedNotice storyId={provider.storyId} />
      {lost ? (
        <p role="alert" className={styles.notice}>
          <strong>Your part in this story has changed.</strong>{' '}
          {state.role === 'none'
            ? 'You may no longer open it.'
            : 'You may read it now, but no longer write in it. Ask its author if that is a mistake.'}
        </p>
      ) : null}
      {recovery ? (
        <p role="alert" className={styles.notice}>
          <strong>This copy of the story could not be merged.</strong> A fresh one is open now; keep your text
          to bring back what is missing.{' '}
          <button type="button" className="quiet" onClick={() => download(recovery.name, recovery.text)}>
            Keep my text
          </button>{' '}
          <button type="button" className="quiet" onClick={() => provider.dismissRecovery()}>
            Dismiss
          </button>
        </p>
      ) : null}
    </>
  );
}

/** True from when somebody who could write no longer may. */
function useLostRole({ state: { role } }: Desk): boolean {
  const could = useRef(false);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const may = mayWrite(role);
    setLost(could.current && !may);
    if (may) could.current = true;
  }, [role]);
  return lost;
}
