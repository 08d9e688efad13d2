import type { PartyState, StoryParty } from '../party.js';
import type { ChatState, PartyChat } from '../partyChat.js';
import type { User } from '../wire.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

/** A party, opened while the component is mounted, and its commands. */
export function useParty(id: string): PartyState & { party: StoryParty } {
  const party = useStorywire().parties.party(id);
  return { ...useReadable(party.state), party };
}

export interface UsePartyChat
  extends ChatState,
    Pick<PartyChat, 'say' | 'retry' | 'discard' | 'reload' | 'keystroke' | 'stop'> {
  /** Who else is writing. */
  writers: readonly User[];
}

export function usePartyChat(id: string): UsePartyChat {
  const { chat } = useStorywire().parties.party(id);
  const { say, retry, discard, reload, keystroke, stop } = chat;
  const writers = useReadable(chat.writers);
  return { ...useReadable(chat.state), writers, say, retry, discard, reload, keystroke, stop };
}
