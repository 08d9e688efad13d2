'use client';

import type { Invitation, Member, Role, Story, User } from '@storywire/client';
import { useSession, useStorywire } from '@storywire/client/react';
import { useCallback, useEffect, useState } from 'react';
import {
  listInvitations,
  listMembers,
  removeMember,
  rolesOf,
  roleWords,
  setRole,
} from '@/lib/editor/authors';
import { useCommand } from '@/lib/useCommand';
import { useLoaded } from '@/lib/useLoaded';
import { Alert } from '../Alert';
import { LiveAvatar } from '../Avatar';
import { Note } from '../Note';
import styles from './authors.module.css';
import { Invite } from './Invite';
import type { PanelProps } from './panels';

interface Circle {
  story: Story;
  members: readonly Member[];
  /** Empty for all but its author. */
  invitations: readonly Invitation[];
}

/** Who may write in the story, and what its author does about it. */
export function Authors({ desk }: PanelProps) {
  const { value: circle, error, reload } = useCircle(desk);
  if (error && circle === null)
    return <Note title="The names did not come." text={error} action="Try again" onAction={reload} />;
  if (circle === null) return <p className={styles.faint}>Looking…</p>;
  const { story, members, invitations } = circle;
  const governs = desk.state.role === 'author';
  return (
    <>
      <p className={styles.faint}>
        {story.visibility === 'public'
          ? 'Everybody who is signed in may read the story and comment.'
          : 'Only these people may open the story.'}
      </p>
      <Members story={story} members={members} governs={governs} onChanged={reload} />
      {governs ? (
        <Invite desk={desk} story={story} members={members} invitations={invitations} onChanged={reload} />
      ) : null}
    </>
  );
}

/** All that the panel shows, anew when somebody has come or has accepted. */
function useCircle({ provider: { storyId }, people, state: { role } }: PanelProps['desk']) {
  const { link, rest } = useStorywire();
  const load = useCallback(async (): Promise<Circle> => {
    const [story, members, invitations] = await Promise.all([
      rest.story(storyId),
      listMembers(link, storyId),
      role === 'author' ? listInvitations(link, storyId) : [],
    ]);
    return { story, members, invitations };
  }, [link, rest, storyId, role]);
  const circle = useLoaded(load);
  const { reload } = circle;
  const here = people.map(({ id }) => id).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: who comes may be new.
  useEffect(reload, [reload, here]);
  useEffect(
    () => link.on('notification:new', ({ type }) => type === 'coauthor.accepted' && reload()),
    [link, reload],
  );
  return circle;
}

interface MembersProps {
  story: Story;
  members: readonly Member[];
  governs: boolean;
  onChanged: () => void;
}

/** What has just been done to somebody, to be taken back. */
interface Done {
  user: User;
  before: Role;
  words: string;
}

function Members({ story, members, governs, onChanged }: MembersProps) {
  const { link } = useStorywire();
  const self = useSession()?.user.id;
  const { busy, error, run } = useCommand();
  const [done, setDone] = useState<Done | null>(null);
  const change = ({ user, role: before }: Member, role: Role | null) =>
    run(async () => {
      if (role === null) await removeMember(link, story.id, user);
      else await setRole(link, story.id, user, role);
      const words = `${user.display_name} ${role === null ? 'is no longer among the authors' : `${roleWords(role)} now`}.`;
      setDone({ user, before, words });
      onChanged();
    });
  const takeBack = ({ user, before }: Done) =>
    run(async () => {
      await setRole(link, story.id, user, before);
      setDone(null);
      onChanged();
    });
  return (
    <>
      <ul className={styles.members} aria-label="People of this story">
        {members.map((member) => (
          <li key={member.user.id}>
            <LiveAvatar user={member.user} size={32} />
            <span className={styles.name}>
              {member.user.display_name}
              {member.user.id === self ? <span className={styles.faint}> (you)</span> : null}
            </span>
            {governs && member.role !== 'author' ? (
              <RoleOf member={member} story={story} busy={busy} onChange={change} />
            ) : (
              <span className={styles.role}>{roleWords(member.role)}</span>
            )}
          </li>
        ))}
      </ul>
      {done ? (
        <p role="status" className={styles.done}>
          {done.words}{' '}
          <button type="button" className="quiet" disabled={busy} onClick={() => void takeBack(done)}>
            Undo
          </button>
        </p>
      ) : null}
      <Alert>{error}</Alert>
    </>
  );
}

const AWAY = 'away';

function RoleOf({
  member,
  story,
  busy,
  onChange,
}: {
  member: Member;
  story: Story;
  busy: boolean;
  onChange: (member: Member, role: Role | null) => void;
}) {
  const roles = [...new Set<Role>([...rolesOf(story.visibility), member.role])];
  return (
    <select
      className={styles.select}
      aria-label={`What ${member.user.display_name} may do`}
      value={member.role}
      disabled={busy}
      onChange={({ target: { value } }) =>
        onChange(member, value === AWAY ? null : (roles.find((role) => role === value) ?? null))
      }
    >
      {roles.map((role) => (
        <option key={role} value={role}>
          {roleWords(role)}
        </option>
      ))}
      <option value={AWAY}>Take it away</option>
    </select>
  );
}
