import { mayWrite, type StoryDocState } from '@storywire/client/edit';

export interface Saved {
  /** saved: stored by the server. saving: on the way. kept: only here for now. stopped: nothing is stored. */
  state: 'saved' | 'saving' | 'kept' | 'stopped';
  words: string;
}

/** The one line about what is stored. Only what the server has acknowledged counts as saved. */
export function savedLine({ status, role, unsynced, error }: StoryDocState): Saved {
  const changes = unsynced === 1 ? '1 change' : `${unsynced} changes`;
  if (status === 'offline') {
    return unsynced > 0
      ? { state: 'kept', words: `You're offline. ${changes} kept here, to be saved when you're back.` }
      : { state: 'kept', words: "You're offline. What you write is kept here." };
  }
  if (status === 'loading' || status === 'opening') return { state: 'saving', words: 'Opening…' };
  if (status === 'refused') return { state: 'stopped', words: error?.message ?? 'This story is closed.' };
  if (!mayWrite(role)) {
    return unsynced > 0
      ? { state: 'stopped', words: 'You may read here. Your last words were not saved.' }
      : { state: 'saved', words: 'You may read here, but not write.' };
  }
  if (error !== null) return { state: 'stopped', words: error.message };
  if (unsynced > 0) return { state: 'saving', words: `${changes} not yet saved` };
  return { state: 'saved', words: 'All changes saved' };
}
