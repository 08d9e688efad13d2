'use client';

import type { Invitation, Member, Role, Story, User } from '@storywire/client';
import { useReadable, useSession, useStorywire } from '@storywire/client/react';
import { Check, Copy, Link2, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { cast } from '@/lib/cast';
import { candidates, invite, rolesOf, roleWords, validFor, withdraw } from '@/lib/editor/authors';
import type { Desk } from '@/lib/editor/useDesk';
import { invitePath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { useCopy } from '@/lib/useCopy';
import { useNow } from '@/lib/useNow';
import { Alert } from '../Alert';
import { Avatar } from '../Avatar';
import styles from './authors.module.css';

interface Props {
  desk: Desk;
  story: Story;
  members: readonly Member[];
  invitations: readonly Invitation[];
  onChanged: () => void;
}

/** Brings others to the story: by name, or by a link for whoever has it. */
export function Invite({ desk, story, members, invitations, onChanged }: Props) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const roles = rolesOf(story.visibility);
  const [role, setRole] = useState<Role>('editor');
  const [typed, setTyped] = useState('');
  const known = useKnown(desk, story);
  const self = useSession()?.user.id ?? '';
  const there = new Set([
    self,
    ...members.map(({ user }) => user.id),
    ...invitations.flatMap(({ user }) => user?.id ?? []),
  ]);
  const found = candidates(known, there, typed);
  const name = typed.trim();
  const send = (userId: string | null) =>
    run(async () => {
      await invite(link, story.id, userId, role);
      setTyped('');
      onChanged();
    });
  return (
    <section className={styles.invite} aria-label="Invite">
      <h3>Invite</h3>
      {roles.length > 1 ? (
        <fieldset className={styles.roles} aria-label="Who is invited">
          {roles.map((one) => (
            <label key={one}>
              <input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} />
              {roleWords(one)}
            </label>
          ))}
        </fieldset>
      ) : null}
      <input
        type="search"
        className={styles.find}
        aria-label="Somebody to invite"
        placeholder="A name, or a user id"
        value={typed}
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
      />
      <ul className={styles.found} aria-label="People to invite">
        {found.map((user) => (
          <li key={user.id}>
            <button type="button" disabled={busy} onClick={() => void send(user.id)}>
              <Avatar person={user} size={28} />
              <span>{user.display_name}</span>
              <span className={styles.act}>Invite</span>
            </button>
          </li>
        ))}
        {name !== '' && found.length === 0 ? (
          <li>
            <button type="button" disabled={busy || there.has(name)} onClick={() => void send(name)}>
              <UserPlus size={18} strokeWidth={1.5} aria-hidden="true" />
              <span>
                {there.has(name) ? `${name} is here, or invited` : `The user with the id “${name}”`}
              </span>
              {there.has(name) ? null : <span className={styles.act}>Invite</span>}
            </button>
          </li>
        ) : null}
      </ul>
      <button type="button" className="plain" disabled={busy} onClick={() => void send(null)}>
        <Link2 size={18} strokeWidth={1.5} aria-hidden="true" />
        Make a link for whoever has it
      </button>
      <Alert>{error}</Alert>
      <Open invitations={invitations} onChanged={onChanged} />
    </section>
  );
}

/** People that one could mean: who is here, who reads, and the characters of a demo. */
function useKnown(desk: Desk, story: Story): readonly User[] {
  const readers = useReadable(useStorywire().story(story.id).readers);
  const characters = useReadable(cast);
  return [
    ...desk.people.map(({ id, name }) => ({ id, display_name: name, avatar_url: null })),
    ...readers.members.map(({ user }) => user),
    ...(characters.status === 'demo'
      ? characters.characters.map(({ id, display_name }) => ({ id, display_name, avatar_url: null }))
      : []),
  ];
}

/** The invitations that nobody has answered yet. */
function Open({ invitations, onChanged }: Pick<Props, 'invitations' | 'onChanged'>) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const now = useNow();
  if (invitations.length === 0) return null;
  const back = (invitation: Invitation) =>
    run(async () => {
      await withdraw(link, invitation);
      onChanged();
    });
  return (
    <>
      <h3>Not answered yet</h3>
      <ul className={styles.open} aria-label="Open invitations">
        {invitations.map((invitation) => {
          const { code, user, role, expiresAt } = invitation;
          const who = user?.display_name ?? 'Whoever has the link';
          return (
            <li key={code}>
              <span className={styles.name}>
                {who} {roleWords(role)}
              </span>
              <span className={styles.faint}>{validFor(expiresAt, now)}</span>
              {user === null ? <Address code={code} /> : null}
              <button
                type="button"
                className="quiet"
                disabled={busy}
                aria-label={`Take back: ${who}`}
                onClick={() => void back(invitation)}
              >
                Take back
              </button>
            </li>
          );
        })}
      </ul>
      <Alert>{error}</Alert>
    </>
  );
}

/** The link itself, which can be selected where it cannot be copied. */
function Address({ code }: { code: string }) {
  const address = `${window.location.origin}${invitePath(code)}`;
  const { copied, copy } = useCopy();
  const Icon = copied ? Check : Copy;
  return (
    <span className={styles.address}>
      <input
        readOnly
        aria-label="Link to this invitation"
        value={address}
        onFocus={(event) => event.target.select()}
      />
      <button type="button" className="quiet" onClick={() => void copy(address)}>
        <Icon size={16} strokeWidth={1.5} aria-hidden="true" />
        {copied ? 'Copied' : 'Copy'}
      </button>
    </span>
  );
}
