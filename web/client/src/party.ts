import type { Connection } from './connection.js';
import { asStorywireError, type StorywireError } from './errors.js';
import { newNonce } from './nonce.js';
import { type ChatHistory, PartyChat } from './partyChat.js';
import { afterEvent } from './partyFold.js';
import { type Readable, Value } from './store.js';
import type {
  ClientEvents,
  PlayDone,
  PlayEvent,
  PlayEventType,
  PlayHow,
  PlaySettingsChange,
  PlayState,
  PlayView,
} from './wire.js';

/** How the last round ended. */
export interface PartyDecision {
  round: number;
  option: string;
  label: string;
  how: PlayHow;
}

export interface PartyDeadline {
  /** On the clock of `performance.now()`, which nobody sets; milliseconds. */
  at: number;
  /** The whole of the time, in milliseconds. */
  wholeMs: number;
}

export interface PartyState {
  status: 'opening' | 'ready' | 'refused';
  /** As the server and its events tell it; null until opened. */
  view: PlayView | null;
  /** Null: no time limit now. */
  deadline: PartyDeadline | null;
  /** The option that was chosen here and is not known to be stored. */
  pending: string | null;
  decision: PartyDecision | null;
  /** How the spectators stand, by option. */
  audience: Readonly<Record<string, number>>;
  /** Why it is refused; null otherwise. */
  error: StorywireError | null;
}

export type As = 'player' | 'spectator';

/** Commands of a party, by what they send besides the party's id and the nonce. */
type Command = {
  [E in keyof ClientEvents]: ClientEvents[E]['data'] extends PlayDone ? E : never;
}[keyof ClientEvents];
type Said<E extends Command> = Omit<ClientEvents[E]['in'], 'sessionId' | 'cmdId'>;

const EMPTY: PartyState = {
  status: 'opening',
  view: null,
  deadline: null,
  pending: null,
  decision: null,
  audience: {},
  error: null,
};

/** Attempts at one command while connected; each carries the same nonce, so it has one effect. */
const ATTEMPTS = 4;
const RETRY_MS = 500;
/** How long to wait before opening is tried again; the server was too busy to answer. */
const REOPEN_MS = 2_000;

/** After these another time runs, or none. */
const CLOCK: readonly PlayEventType[] = [
  'round',
  'private',
  'revote',
  'rearmed',
  'turn',
  'paused',
  'resumed',
  'resolved',
  'ended',
];

/**
 * One party: opened and kept in step with the server while somebody listens. With the last listener the
 * server is told, and counts the user as gone after a while; the seat stays.
 */
export class StoryParty {
  readonly id: string;
  readonly state: Readable<PartyState>;
  readonly chat: PartyChat;
  #state: Value<PartyState>;
  #connection: Connection;
  #seq = 0;
  /** The greatest number of an event heard of. */
  #heard = 0;
  #as: As | null = null;
  #opening = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, id: string, history: ChatHistory) {
    this.id = id;
    this.#connection = connection;
    this.#state = new Value(EMPTY, () => this.#listen());
    this.state = this.#state;
    this.chat = new PartyChat(connection, id, history, this.#state);
  }

  /** Takes a state that came as an answer; an older one changes nothing. */
  readonly take = ({ sessionId, seq, view }: PlayState): void => {
    const { view: before } = this.#state.get();
    if (sessionId !== this.id || (before !== null && seq < this.#seq)) return;
    this.#seq = seq;
    const sameRound = before?.round?.round === view.round?.round;
    this.#patch({
      status: 'ready',
      view,
      error: null,
      deadline: deadlineOf(view, true),
      ...(sameRound ? {} : { pending: null, audience: {} }),
    });
  };

  /** Opens it again, after a refusal also in another part. */
  readonly enter = (as: As | null = null): void => {
    this.#as = as;
    this.#patch({ status: 'opening', error: null });
    void this.#open();
  };

  /**
   * Takes an option, or votes for it. It is shown at once and sent as soon as there is a connection; a choice
   * that comes too late is dropped without a word.
   */
  readonly choose = async (option: string): Promise<void> => {
    const { view } = this.#state.get();
    const round = view?.round?.round;
    if (round === undefined) return;
    this.#patch({ pending: option });
    const mine = () => this.#state.get().pending === option && this.#state.get().view?.round?.round === round;
    try {
      await this.#connected(mine);
      if (!mine()) return;
      await this.#command('play:choose', { round, option });
      if (mine()) this.#chosen(option);
    } catch (thrown) {
      const error = asStorywireError(thrown);
      if (error.code === 'OFFLINE' && mine()) return this.choose(option);
      if (mine()) this.#patch({ pending: null });
      if (error.code !== 'STALE_ROUND' && error.code !== 'OFFLINE') throw error;
    }
  };

  /** Shows the others what one would do; somebody else decides. */
  readonly suggest = async (option: string): Promise<void> => {
    const round = this.#state.get().view?.round?.round;
    if (round !== undefined) await this.#command('play:suggest', { round, option });
  };

  readonly ready = (ready: boolean): Promise<PlayDone> => this.#command('play:ready', { ready });
  /** Chooses a role of the story; an empty one: any. */
  readonly role = (role: string): Promise<PlayDone> => this.#command('play:ready', { role });
  readonly configure = (settings: PlaySettingsChange): Promise<PlayDone> =>
    this.#command('play:settings', { settings });
  /** `force`: also if not all are ready. */
  readonly start = (force = false): Promise<PlayDone> => this.#command('play:start', { force });
  readonly pause = (): Promise<PlayDone> => this.#command('play:pause', {});
  readonly resume = (): Promise<PlayDone> => this.#command('play:resume', {});
  readonly end = (): Promise<PlayDone> => this.#command('play:end', {});
  readonly leave = (): Promise<PlayDone> => this.#command('play:leave', {});
  readonly kick = (userId: string): Promise<PlayDone> => this.#command('play:kick', { userId });
  readonly makeHost = (userId: string): Promise<PlayDone> => this.#command('play:host', { userId });
  /** Proposes to go back to the beginning of an earlier round. */
  readonly rewind = (toRound: number): Promise<PlayDone> => this.#command('play:rewind', { toRound });
  readonly agree = (agree: boolean): Promise<PlayDone> => this.#command('play:agree', { agree });
  /** Tells people of the party; returns who was told. */
  readonly invite = async (userIds: string[]): Promise<string[]> =>
    (await this.#connection.ask('play:invite', { sessionId: this.id, userIds })).invited;
  /** Returns the id of the next party. */
  readonly rematch = async (): Promise<string> =>
    (await this.#command('play:rematch', {})).rematch ?? this.id;

  #listen(): () => void {
    const stops = [
      this.#connection.onUp(() => void this.#open()),
      this.#connection.on('play:event', (event) => this.#happened(event)),
      this.#connection.on('play:gap', ({ sessionId }) => {
        if (sessionId === this.id) void this.#open();
      }),
      this.#connection.on('play:presence', ({ sessionId, watching }) => {
        const { view } = this.#state.get();
        if (sessionId === this.id && view) this.#patch({ view: { ...view, watching } });
      }),
      this.#connection.on('play:audience', ({ sessionId, round, counts }) => {
        const now = this.#state.get().view?.round?.round;
        if (sessionId === this.id && round === now) this.#patch({ audience: counts });
      }),
    ];
    // What is being asked for was asked before the party was closed.
    if (this.#opening) this.#heard = Number.POSITIVE_INFINITY;
    void this.#open();
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.#timer);
      this.#connection.send('play:close', { sessionId: this.id });
    };
  }

  /** Enters, or asks for what was missed; once more if something was missed meanwhile. */
  async #open(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#opening || !this.#connection.connected || this.#state.get().status === 'refused') return;
    this.#opening = true;
    try {
      do await this.#fetch();
      while (this.#heard > this.#seq);
    } catch (thrown) {
      const error = asStorywireError(thrown);
      const passing = ['OFFLINE', 'TIMEOUT', 'UNAVAILABLE', 'RATE_LIMITED'].includes(error.code);
      if (!passing) this.#patch({ status: 'refused', error });
      // Without a connection the next one opens it.
      else if (error.code !== 'OFFLINE') {
        this.#timer = setTimeout(() => void this.#open(), error.retryAfterMs ?? REOPEN_MS);
      }
    } finally {
      this.#opening = false;
    }
  }

  async #fetch(): Promise<void> {
    const sessionId = this.id;
    this.#heard = 0; // what was heard before is in the answer
    if (this.#state.get().view === null || this.#as !== null) {
      const as = this.#as === null ? {} : { as: this.#as };
      this.take(await this.#connection.ask('play:join', { sessionId, ...as, cmdId: newNonce() }));
      this.#as = null;
      return;
    }
    const { events, state } = await this.#connection.ask('play:sync', { sessionId, sinceSeq: this.#seq });
    if (state) this.take(state);
    for (const event of events) this.#happened(event);
    this.#patch({ status: 'ready' });
  }

  #happened(event: PlayEvent): void {
    const { view } = this.#state.get();
    if (event.sessionId !== this.id || event.seq <= this.#seq) return;
    if (view === null || event.seq !== this.#seq + 1) {
      this.#heard = Math.max(this.#heard, event.seq);
      void this.#open();
      return;
    }
    const me = this.#connection.session.get()?.user.id ?? '';
    const next = event.type === 'hidden' ? view : afterEvent(view, event, me);
    if (next === null) {
      // The whole state says it.
      this.#seq = 0;
      this.#heard = event.seq;
      void this.#open();
      return;
    }
    this.#seq = event.seq;
    const timed = CLOCK.includes(event.type);
    this.#patch({
      view: next,
      ...(timed ? { deadline: deadlineOf(next, event.type !== 'revote') } : {}),
      ...(event.type === 'round' ? { pending: null, audience: {} } : {}),
      ...(event.type === 'revote' ? { pending: null } : {}),
      ...(event.type === 'resolved' ? { decision: decisionOf(event) } : {}),
    });
  }

  /** The choice is stored. Where votes are hidden no event says which it was. */
  #chosen(option: string): void {
    const { view } = this.#state.get();
    this.#patch({ pending: null, ...(view ? { view: { ...view, me: { ...view.me, vote: option } } } : {}) });
  }

  async #command<E extends Command>(event: E, said: Said<E>): Promise<PlayDone> {
    const payload = { ...said, sessionId: this.id, cmdId: newNonce() } as unknown as ClientEvents[E]['in'];
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#connection.ask(event, payload);
      } catch (thrown) {
        const error = asStorywireError(thrown);
        const worthwhile = ['TIMEOUT', 'RATE_LIMITED', 'UNAVAILABLE'].includes(error.code);
        if (!worthwhile || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? attempt * RETRY_MS));
      }
    }
  }

  /** Resolves when there is a connection, or when it is not waited for any more. */
  #connected(wanted: () => boolean): Promise<void> {
    if (this.#connection.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const stops = [
        this.#connection.onUp(() => finish()),
        this.#state.subscribe(() => {
          if (!wanted()) finish();
        }),
      ];
      const finish = () => {
        for (const stop of stops) stop();
        resolve();
      };
    });
  }

  #patch(change: Partial<PartyState>): void {
    this.#state.update((state) => ({ ...state, ...change }));
  }
}

function deadlineOf({ round }: PlayView, wholeRound: boolean): PartyDeadline | null {
  if (round === null || round.deadlineInMs === null) return null;
  const left = round.deadlineInMs;
  return { at: performance.now() + left, wholeMs: Math.max(wholeRound ? (round.timerMs ?? 0) : 0, left, 1) };
}

function decisionOf({ round, payload }: PlayEvent): PartyDecision {
  const { option = '', label = '', how = 'chosen' } = payload;
  return { round, option, label, how };
}
