import type { Connection } from './connection.js';
import { asStorywireError, type StorywireError } from './errors.js';
import { newNonce } from './nonce.js';
import { type Readable, Value } from './store.js';
import type { Page, PlayChat, User } from './wire.js';
import { Keystrokes, Writers } from './writers.js';

/** The last things said in a party, newest first. */
export type ChatHistory = (sessionId: string) => Promise<Page<PlayChat>>;

/** One thing said: stored, on its way, or not accepted. */
export interface ChatRow {
  /** Stays the same when it becomes stored. */
  key: string;
  status: 'sending' | 'sent' | 'failed';
  user: User;
  text: string;
  at: string;
  error: StorywireError | null;
}

export interface ChatState {
  status: 'loading' | 'ready' | 'error';
  /** Stored ones by their number, then those on their way in the order written. */
  rows: readonly ChatRow[];
}

/** Attempts for one message while connected; each carries the same nonce, so it is stored once. */
const ATTEMPTS = 4;
const RETRY_MS = 500;

/** What the people of a party say while they play. */
export class PartyChat {
  readonly state: Readable<ChatState>;
  /** Who else is writing. */
  readonly writers: Readable<readonly User[]>;
  readonly keystroke: () => void;
  readonly stop: () => void;
  #state: Value<ChatState>;
  #writers: Writers;
  #connection: Connection;
  #id: string;
  #history: ChatHistory;
  #party: Readable<{ status: string }>;
  #stored = new Map<number, PlayChat>();
  /** Nonces of what was said here, by the number it got. */
  #keys = new Map<number, string>();
  #outbox: ChatRow[] = [];
  #pumping = false;
  #loading = false;

  constructor(connection: Connection, id: string, history: ChatHistory, party: Readable<{ status: string }>) {
    this.#connection = connection;
    this.#id = id;
    this.#history = history;
    this.#party = party;
    this.#state = new Value<ChatState>({ status: 'loading', rows: [] }, () => this.#listen());
    this.#writers = new Writers(() => this.#listenToWriters());
    this.state = this.#state;
    this.writers = this.#writers.list;
    const keys = new Keystrokes((isTyping) => connection.send('play:typing', { sessionId: id, isTyping }));
    this.keystroke = keys.press;
    this.stop = keys.stop;
    // Outlives the listeners: what was written is sent even after its page is gone.
    connection.onUp(() => void this.#pump());
  }

  /** Shows the words at once and sends them as soon as there is a connection. */
  readonly say = (text: string): void => {
    const user = this.#connection.session.get()?.user ?? { id: '', display_name: '', avatar_url: null };
    const at = new Date().toISOString();
    this.#outbox.push({ key: newNonce(), status: 'sending', user, text, at, error: null });
    this.#publish();
    void this.#pump();
  };

  readonly retry = (key: string): void => {
    this.#mark(key, 'sending', null);
    void this.#pump();
  };

  readonly discard = (key: string): void => {
    this.#outbox = this.#outbox.filter((row) => row.key !== key || row.status !== 'failed');
    this.#publish();
  };

  readonly reload = (): void => void this.#load();

  #listen(): () => void {
    let opened = this.#party.get().status === 'ready';
    const stops = [
      this.#connection.on('play:chat', (said) => {
        if (said.sessionId === this.#id) this.#said(said);
      }),
      this.#connection.onUp(() => {
        if (opened) void this.#load();
      }),
      // Strangers are told nothing: what was said is asked for after the party let us in.
      this.#party.subscribe(() => {
        if (opened || this.#party.get().status !== 'ready') return;
        opened = true;
        void this.#load();
      }),
    ];
    if (opened) void this.#load();
    return () => {
      for (const stop of stops) stop();
    };
  }

  #listenToWriters(): () => void {
    const stops = [
      this.#connection.on('play:typing', ({ sessionId, user, isTyping }) => {
        if (sessionId !== this.#id || user.id === this.#connection.session.get()?.user.id) return;
        if (isTyping) this.#writers.add(user);
        else this.#writers.remove(user.id);
      }),
      this.#connection.on('play:chat', ({ sessionId, user }) => {
        if (sessionId === this.#id) this.#writers.remove(user.id);
      }),
      this.#connection.onDown(() => this.#writers.clear()),
    ];
    return () => {
      for (const stop of stops) stop();
      this.stop();
      this.#writers.clear();
    };
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const { items } = await this.#history(this.#id);
      for (const said of items) this.#store(said);
      this.#publish('ready');
    } catch {
      // Live words go on; the next connection asks again.
      this.#publish(this.#stored.size > 0 ? 'ready' : 'error');
    } finally {
      this.#loading = false;
    }
  }

  #said(said: PlayChat): void {
    this.#store(said);
    this.#publish();
  }

  #store(said: PlayChat): void {
    if (said.cmdId && this.#outbox.some(({ key }) => key === said.cmdId)) {
      this.#keys.set(said.id, said.cmdId);
      this.#outbox = this.#outbox.filter(({ key }) => key !== said.cmdId);
    }
    this.#stored.set(said.id, said);
  }

  /** One after the other, so that the order of writing stays. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    let attempt = 0;
    for (let row = this.#next(); row && this.#connection.connected; row = this.#next()) {
      attempt += 1;
      const pause = await this.#deliver(row, attempt);
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      else attempt = 0;
    }
    this.#pumping = false;
  }

  #next(): ChatRow | undefined {
    return this.#outbox.find(({ status }) => status === 'sending');
  }

  /** Returns how long to wait before the next attempt, in milliseconds; 0: it is done with. */
  async #deliver({ key, text }: ChatRow, attempt: number): Promise<number> {
    try {
      this.#said({
        ...(await this.#connection.ask('play:chat', { sessionId: this.#id, text, cmdId: key })),
        cmdId: key,
      });
      return 0;
    } catch (thrown) {
      const error = asStorywireError(thrown);
      if (error.code === 'OFFLINE') return 0;
      const worthwhile = ['TIMEOUT', 'RATE_LIMITED', 'UNAVAILABLE'].includes(error.code);
      if (worthwhile && attempt < ATTEMPTS) return error.retryAfterMs ?? attempt * RETRY_MS;
      this.#mark(key, 'failed', error);
      return 0;
    }
  }

  #mark(key: string, status: 'sending' | 'failed', error: StorywireError | null): void {
    this.#outbox = this.#outbox.map((row) => (row.key === key ? { ...row, status, error } : row));
    this.#publish();
  }

  #publish(status = this.#state.get().status): void {
    const stored = [...this.#stored.values()].sort((a, b) => a.id - b.id);
    const rows = stored.map(({ id, user, text, at }): ChatRow => {
      return { key: this.#keys.get(id) ?? String(id), status: 'sent', user, text, at, error: null };
    });
    this.#state.set({ status, rows: [...rows, ...this.#outbox] });
  }
}
