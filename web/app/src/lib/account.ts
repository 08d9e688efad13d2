import { type Readable, type SignedIn, type User, Value } from '@storywire/client';
import { recall, remember } from './storage';

/** Who is signed in on this device. */
export interface Account {
  token: string;
  /** Null when only a token was pasted: the server tells who it belongs to. */
  user: User | null;
}

export type AccountState =
  /** Not looked yet: what the exported pages show. */
  { status: 'unknown' } | { status: 'out'; notice: string | null } | { status: 'in'; account: Account };

const KEY = 'account';
const state = new Value<AccountState>({ status: 'unknown' }, listenToOtherTabs);

export const accountState: Readable<AccountState> = state;

function read(): AccountState {
  const stored = recall(KEY);
  if (stored === null) return { status: 'out', notice: null };
  try {
    const account: Account = JSON.parse(stored);
    if (typeof account.token === 'string') return { status: 'in', account };
  } catch {
    // Not ours: sign in anew.
  }
  return { status: 'out', notice: null };
}

function listenToOtherTabs(): () => void {
  const changed = (event: StorageEvent) => {
    if (event.key === `storywire.${KEY}`) state.set(read());
  };
  window.addEventListener('storage', changed);
  if (state.get().status === 'unknown') queueMicrotask(() => state.set(read()));
  return () => window.removeEventListener('storage', changed);
}

export function signIn({ token, user }: Pick<SignedIn, 'token'> & { user: User | null }): void {
  const account: Account = { token, user };
  remember(KEY, JSON.stringify(account));
  state.set({ status: 'in', account });
}

/** `notice` is said on the sign-in page; null when the reader left by choice. */
export function signOut(notice: string | null = null): void {
  remember(KEY, null);
  state.set({ status: 'out', notice });
}
