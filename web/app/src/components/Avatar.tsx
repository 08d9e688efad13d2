'use client';

import type { User } from '@storywire/client';
import { useOnline, useReadable } from '@storywire/client/react';
import { useState } from 'react';
import { cast } from '@/lib/cast';
import styles from './avatar.module.css';
import { Face } from './Face';

interface Person {
  id: string;
  display_name: string;
  avatar_url?: string | null;
}

/** A person's picture: their own where they have one, a drawn face otherwise. Decorative: the name stands beside it. */
export function Avatar({ person, size = 32 }: { person: Person; size?: 24 | 28 | 32 | 40 | 96 }) {
  const [broken, setBroken] = useState(false);
  const characters = useReadable(cast);
  const color =
    characters.status === 'demo'
      ? characters.characters.find(({ id }) => id === person.id)?.color
      : undefined;
  const url = broken ? null : person.avatar_url;
  return (
    <span className={styles.avatar} data-size={size} aria-hidden="true">
      {url ? (
        // biome-ignore lint/performance/noImgElement: a static export has no image optimizer.
        <img
          className={styles.picture}
          src={url}
          alt=""
          width={size}
          height={size}
          referrerPolicy="no-referrer"
          onError={() => setBroken(true)}
        />
      ) : (
        <Face seed={person.id || person.display_name} color={color} />
      )}
    </span>
  );
}

/** A picture with a dot that says whether the person is here now. */
export function LiveAvatar({ user, size = 32 }: { user: User; size?: 24 | 28 | 32 | 40 }) {
  return (
    <span className={styles.live}>
      <Avatar person={user} size={size} />
      <PresenceDot user={user} />
    </span>
  );
}

export function PresenceDot({ user }: { user: User }) {
  const state = useOnline(user.id) ? 'online' : 'offline';
  return (
    <span
      className={styles.dot}
      data-state={state}
      data-user={user.id}
      role="img"
      aria-label={`${user.display_name} is ${state}`}
    />
  );
}
