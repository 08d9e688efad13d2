'use client';

import { createStorywire, type Storywire } from '@storywire/client';
import { StorywireProvider, useConnection, useReadable } from '@storywire/client/react';
import { usePathname } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { type Account, accountState, signOut } from '@/lib/account';
import { type Route, routeOf } from '@/lib/route';
import { Boot } from './Boot';
import { DemoStrip } from './DemoStrip';
import { EditPage } from './editor/EditPage';
import { Home } from './Home';
import { Inbox } from './Inbox';
import { InvitePage } from './InvitePage';
import { Keys } from './Keys';
import { Missing } from './Missing';
import { PartyPage } from './PartyPage';
import { SignIn } from './SignIn';
import { StoryPage } from './StoryPage';
import { Toasts } from './Toasts';
import { TopBar } from './TopBar';

/** Every exported page holds the whole application; the address says which part of it is shown. */
export function Application() {
  const account = useReadable(accountState);
  const route = routeOf(usePathname() ?? '/');
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      {account.status === 'unknown' ? null : <DemoStrip />}
      {account.status === 'unknown' ? <Boot page={route.page} /> : null}
      {account.status === 'out' ? <SignIn notice={account.notice ?? noticeOf(route)} /> : null}
      {account.status === 'in' ? <Live key={account.account.token} account={account.account} /> : null}
    </>
  );
}

/** Why somebody who comes to this page has to sign in first. */
function noticeOf({ page }: Route): string | null {
  return page === 'invite'
    ? 'You are invited to write in a story. Come in, and it is yours to accept.'
    : null;
}

/** The part that is connected: one client per sign-in. */
function Live({ account }: { account: Account }) {
  const [client, setClient] = useState<Storywire | null>(null);
  const pathname = usePathname() ?? '/';
  const route = routeOf(pathname);
  useFocusOnArrival(pathname);
  useEffect(() => {
    const created = createStorywire({ token: account.token });
    created.connect();
    setClient(created);
    return () => created.close();
  }, [account.token]);
  if (client === null) return <Boot page={route.page} />;
  return (
    <StorywireProvider client={client}>
      <Expiry />
      <TopBar
        account={account}
        storyId={route.page === 'story' ? route.id : null}
        unsent={route.page === 'party' ? 'choice' : 'comment'}
      />
      {route.page === 'home' ? <Home account={account} /> : null}
      {route.page === 'story' ? <StoryPage key={route.id} storyId={route.id} /> : null}
      {route.page === 'edit' ? <EditPage key={route.id} storyId={route.id} /> : null}
      {route.page === 'party' ? <PartyPage key={route.id} id={route.id} /> : null}
      {route.page === 'invite' ? <InvitePage key={route.code} code={route.code} /> : null}
      {route.page === 'inbox' ? <Inbox /> : null}
      {route.page === 'missing' ? <Missing /> : null}
      <Toasts />
      <Keys />
    </StorywireProvider>
  );
}

/** After another page was gone to, the keyboard and the screen reader begin there. */
function useFocusOnArrival(pathname: string) {
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [pathname]);
}

/** A token that is no longer good leads back to the sign-in. */
function Expiry() {
  const { refusal } = useConnection();
  useEffect(() => {
    if (refusal === 'TOKEN_EXPIRED') signOut('Your sign-in has expired. Please sign in again.');
    else if (refusal !== null) signOut('This sign-in is not valid here. Please sign in again.');
  }, [refusal]);
  return null;
}
