'use client';

import { useReaders } from '@storywire/client/react';
import { LiveAvatar } from './Avatar';
import styles from './topbar.module.css';

const FACES = 5;

/** The faces of who reads this story now. */
export function ReadersNow({ storyId }: { storyId: string }) {
  const { ready, members, count } = useReaders(storyId);
  if (!ready || count === 0) return null;
  const shown = members.slice(0, FACES);
  const playing = members.filter(({ activity }) => activity?.kind === 'playing').length;
  const label = [
    ...(count > playing ? [`${count - playing} reading`] : []),
    ...(playing > 0 ? [`${playing} playing`] : []),
  ].join(', ');
  return (
    <div className={styles.readers}>
      <ul className={styles.faces} aria-label="Reading now">
        {shown.map(({ userId, user }) => (
          <li key={userId} title={user.display_name}>
            <LiveAvatar user={user} size={28} />
            <span className="visually-hidden">{user.display_name}</span>
          </li>
        ))}
      </ul>
      <span className={styles.count}>{label}</span>
    </div>
  );
}
