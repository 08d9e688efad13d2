import type { Connection } from './connection.js';
import { newNonce } from './nonce.js';
import { type As, StoryParty } from './party.js';
import type { Page, PlayChat, PlayMap, PlaySettingsChange, PlayState, PlaySummary } from './wire.js';

/** Playing stories together. */
export interface Parties {
  /** The same object for the same id. */
  party(id: string): StoryParty;
  /** Makes a party with the user as its host; returns its id. The same `key` makes it once. */
  create(storyId: string, settings: PlaySettingsChange, key: string): Promise<string>;
  /** Enters the party of a code; returns its id. */
  join(code: string, as?: As): Promise<string>;
  /** Those that the user plays or watches, the latest first; of one story if it is given. */
  list(storyId?: string, signal?: AbortSignal): Promise<PlaySummary[]>;
  /** The story that a party has played to its end. */
  map(id: string, signal?: AbortSignal): Promise<PlayMap>;
}

type Get = <T>(path: string, signal?: AbortSignal) => Promise<T>;

/** How long to wait for the connection of a page that has just been opened, in milliseconds. */
const PATIENCE_MS = 10_000;

export function createParties(connection: Connection, get: Get): Parties {
  const parties = new Map<string, StoryParty>();
  const history = (id: string) => get<Page<PlayChat>>(`/v1/plays/${encodeURIComponent(id)}/chat`);
  const party = (id: string): StoryParty => {
    const known = parties.get(id);
    if (known) return known;
    const fresh = new StoryParty(connection, id, history);
    parties.set(id, fresh);
    return fresh;
  };
  const take = (state: PlayState): string => {
    party(state.sessionId).take(state);
    return state.sessionId;
  };
  return {
    party,
    create: async (storyId, settings, key) =>
      take(await connection.ask('play:create', { storyId, settings, cmdId: key })),
    join: async (code, as) => {
      await connection.arrival(PATIENCE_MS);
      return take(await connection.ask('play:join', { code, ...(as ? { as } : {}), cmdId: newNonce() }));
    },
    list: async (storyId, signal) => {
      const query = storyId ? `?storyId=${encodeURIComponent(storyId)}` : '';
      return (await get<Page<PlaySummary>>(`/v1/plays${query}`, signal)).items;
    },
    map: (id, signal) => get(`/v1/plays/${encodeURIComponent(id)}/map`, signal),
  };
}
