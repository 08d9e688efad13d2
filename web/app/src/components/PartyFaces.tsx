'use client';

import type { PlaySeat, User } from '@storywire/client';
import { Eye } from 'lucide-react';
import { Avatar } from './Avatar';
import avatars from './avatar.module.css';
import styles from './party.module.css';

const HERE = {
  on: 'is here',
  grace: 'was here a moment ago',
  off: 'is away',
  left: 'is gone',
  kicked: 'is gone',
} as const;

/** A player's face with a dot that says whether they are there. */
export function SeatFace({ seat, size }: { seat: PlaySeat; size: 24 | 28 | 32 | 40 }) {
  const { user, conn } = seat;
  return (
    <span className={avatars.live}>
      <Avatar person={user} size={size} />
      <span
        className={avatars.dot}
        data-state={conn === 'on' ? 'online' : 'offline'}
        role="img"
        aria-label={`${user.display_name} ${HERE[conn]}`}
      />
    </span>
  );
}

/** The faces of a few people, close together; their names are read out. */
export function Faces({ users, light = false }: { users: readonly User[]; light?: boolean }) {
  if (users.length === 0) return null;
  return (
    <span className={styles.faces} data-light={light || undefined}>
      <span className="visually-hidden">{users.map(({ display_name }) => display_name).join(', ')}</span>
      {users.map((user) => (
        <span key={user.id} className={styles.face} title={user.display_name}>
          <Avatar person={user} size={24} />
        </span>
      ))}
    </span>
  );
}

/** How many look on. */
export function Watchers({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <p className={styles.watchers}>
      <Eye size={16} strokeWidth={1.5} aria-hidden="true" />
      {`${count} watching`}
    </p>
  );
}
