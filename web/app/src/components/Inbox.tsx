'use client';

import { useTitle } from '@/lib/useTitle';
import styles from './inbox.module.css';
import { NotificationGroups } from './NotificationGroups';

export function Inbox() {
  useTitle('Inbox');
  return (
    <main id="content" tabIndex={-1} className={styles.page}>
      <NotificationGroups />
    </main>
  );
}
