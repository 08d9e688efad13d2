import type { Invitation, Member, Role, User } from '@storywire/client';
import { asJson, ask, docPath, type Link } from './rest';

const membersPath = (storyId: string): string => `/v1/stories/${encodeURIComponent(storyId)}/members`;
const memberPath = (storyId: string, { id }: User): string =>
  `${membersPath(storyId)}/${encodeURIComponent(id)}`;
const invitationPath = (code: string): string => `/v1/invitations/${encodeURIComponent(code)}`;

/** Who has a role of their own in a story, its author first. */
export async function listMembers(link: Link, storyId: string): Promise<readonly Member[]> {
  return (await ask<{ items: Member[] }>(link, membersPath(storyId))).items;
}

export const setRole = (link: Link, storyId: string, user: User, role: Role): Promise<Member> =>
  ask(link, memberPath(storyId, user), { ...asJson({ role }), method: 'PUT' });

export async function removeMember(link: Link, storyId: string, user: User): Promise<void> {
  await link.fetch(memberPath(storyId, user), { method: 'DELETE' });
}

/** The invitations of a story that wait for an answer, newest first; for its author. */
export async function listInvitations(link: Link, storyId: string): Promise<readonly Invitation[]> {
  return (await ask<{ items: Invitation[] }>(link, `${docPath(storyId)}/invitations`)).items;
}

/** Invites somebody, or with null whoever has the link. */
export const invite = (link: Link, storyId: string, userId: string | null, role: Role): Promise<Invitation> =>
  ask(link, `${docPath(storyId)}/invitations`, asJson(userId === null ? { role } : { role, userId }));

export async function withdraw(link: Link, { storyId, code }: Invitation): Promise<void> {
  await link.fetch(`${docPath(storyId)}/invitations/${encodeURIComponent(code)}`, { method: 'DELETE' });
}

export const findInvitation = (link: Link, code: string): Promise<Invitation> =>
  ask(link, invitationPath(code));

export const acceptInvitation = (link: Link, code: string): Promise<Invitation> =>
  ask(link, `${invitationPath(code)}/accept`, { method: 'POST' });

/** What a role lets one do. */
export function roleWords(role: Role): string {
  switch (role) {
    case 'viewer':
      return 'may read';
    case 'commenter':
      return 'may comment';
    case 'player':
      return 'may play';
    case 'editor':
      return 'may write';
    case 'author':
      return 'began it';
    case 'moderator':
    case 'admin':
      return 'looks after it';
    default:
      return 'may not open it';
  }
}

/** The roles that its author gives in a story: of a public one everybody is a reader who may comment. */
export const rolesOf = (visibility: 'public' | 'private'): readonly Role[] =>
  visibility === 'public' ? ['editor'] : ['editor', 'commenter', 'viewer'];

/** How long an invitation is good for. */
export function validFor(expiresAt: string, now: number): string {
  const hours = Math.floor((new Date(expiresAt).getTime() - now) / 3_600_000);
  if (hours < 1) return 'valid for less than an hour';
  if (hours < 48) return hours === 1 ? 'valid for 1 hour' : `valid for ${hours} hours`;
  return `valid for ${Math.floor(hours / 24)} days`;
}

/** Most people are offered at once. */
const OFFERED = 6;

/** Whom of those we know one could mean, without those who are there already. */
export function candidates(
  known: readonly User[],
  there: ReadonlySet<string>,
  typed: string,
): readonly User[] {
  const wanted = typed.trim().toLowerCase();
  const persons = [...new Map(known.map((user) => [user.id, user])).values()];
  return persons
    .filter(({ id }) => !there.has(id))
    .filter(({ id, display_name }) => id === typed.trim() || display_name.toLowerCase().includes(wanted))
    .slice(0, OFFERED);
}
