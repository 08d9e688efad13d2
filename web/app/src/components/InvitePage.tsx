'use client';

import type { Invitation } from '@storywire/client';
import { useSession, useStorywire } from '@storywire/client/react';
import { useCallback } from 'react';
import { acceptInvitation, findInvitation, roleWords, validFor } from '@/lib/editor/authors';
import { editPath, navigate, storyPath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { useLoaded } from '@/lib/useLoaded';
import { useNow } from '@/lib/useNow';
import { useTitle } from '@/lib/useTitle';
import { Alert } from './Alert';
import { Avatar } from './Avatar';
import styles from './invite.module.css';
import { To } from './To';

/** What somebody sees who follows the link of an invitation. */
export function InvitePage({ code }: { code: string }) {
  useTitle('An invitation');
  const { link } = useStorywire();
  const load = useCallback(() => findInvitation(link, code), [link, code]);
  const { value: invitation, error } = useLoaded(load);
  return (
    <main
      id="content"
      tabIndex={-1}
      className={styles.page}
      aria-busy={invitation === null && error === null}
    >
      {error ? <Closed why={error} /> : null}
      {invitation && !error ? <Open invitation={invitation} /> : null}
    </main>
  );
}

function Open({ invitation }: { invitation: Invitation }) {
  const { link } = useStorywire();
  const session = useSession();
  const now = useNow();
  const { busy, error, run } = useCommand();
  const { code, storyId, title, role, invitedBy, expiresAt } = invitation;
  const there = role === 'editor' || role === 'commenter' ? editPath(storyId) : storyPath(storyId);
  const accept = () =>
    run(async () => {
      await acceptInvitation(link, code);
      navigate(there);
    });
  if (session?.user.id === invitedBy.id) {
    return (
      <>
        <h1>This is your own invitation.</h1>
        <p>
          Send this page's address to whoever is to come to <cite>{title}</cite>.
        </p>
        <To href={editPath(storyId)} className="plain">
          Back to the story
        </To>
      </>
    );
  }
  return (
    <>
      <Avatar person={invitedBy} size={96} />
      <p className={styles.who}>{invitedBy.display_name} invites you to</p>
      <h1>{title}</h1>
      <p>
        You {roleWords(role)} once you accept. The invitation is {validFor(expiresAt, now)}.
      </p>
      <button type="button" className="primary" disabled={busy} onClick={() => void accept()}>
        {busy ? 'Opening…' : 'Accept'}
      </button>
      <Alert>{error}</Alert>
    </>
  );
}

function Closed({ why }: { why: string }) {
  return (
    <>
      <h1>{why}</h1>
      <p>
        An invitation lasts seven days. One that is meant for somebody can be used once and by nobody else,
        and any can be taken back. Ask whoever sent it for another.
      </p>
      <To href="/" className="plain">
        To the stories
      </To>
    </>
  );
}
