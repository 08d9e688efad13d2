import { StorywireError } from './errors.js';
import { type Readable, Value } from './store.js';
import type { ConnectRefusal, TokenSource, Transport } from './transport.js';
import type { ClientEvents, ErrorCode, ServerEvents, SessionReady, User } from './wire.js';

/**
 * initial: not asked yet. connecting: never been there, on the way. connected: alive.
 * reconnecting: was there, will be again without anybody's doing. disconnected: closed, or refused for good.
 */
export type ConnectionStatus = 'initial' | 'connecting' | 'connected' | 'reconnecting' | 'disconnected';

export interface ConnectionState {
  status: ConnectionStatus;
  /** Why the server refused; null unless it did. */
  refusal: ErrorCode | null;
}

/** Who the server says we are. */
export interface Session {
  user: User;
  connectionId: string;
  tokenExpiresAt: string;
}

/** What a new connection kept of the one before. */
export interface Restored {
  /** The server carried the session on: nothing was missed, except where it says sync:gap. */
  recovered: boolean;
  /** The ids of the stories that it is in without having joined them. */
  rooms: ReadonlySet<string>;
}

/** How long an answer may take: longer than a slow phone's round trip, shorter than patience. */
const ANSWER_MS = 10_000;
/** The pause before trying again after the server closed the connection itself without naming one. */
const RETRY_MS = 2_000;

const AUTH_CODES: readonly ErrorCode[] = ['UNAUTHENTICATED', 'TOKEN_EXPIRED'];

/** The state machine over one transport. Features ask and listen through it. */
export class Connection {
  readonly state: Readable<ConnectionState>;
  readonly session: Readable<Session | null>;
  #state = new Value<ConnectionState>({ status: 'initial', refusal: null });
  #session = new Value<Session | null>(null);
  #transport: Transport;
  #token: TokenSource;
  #used: string | null = null;
  #closing: ServerEvents['session:closing']['reason'] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #up = new Set<(restored: Restored) => void>();
  #down = new Set<() => void>();

  constructor(createTransport: (token: TokenSource) => Transport, token: TokenSource) {
    this.#token = token;
    this.#transport = createTransport(async () => {
      this.#used = await token();
      return this.#used;
    });
    this.state = this.#state;
    this.session = this.#session;
    this.#transport.onConnect(() => this.#connected());
    this.#transport.onDisconnect(() => this.#dropped());
    this.#transport.onRefused((refusal) => this.#refused(refusal));
    this.#transport.on('session:ready', (ready) => this.#ready(ready));
    this.#transport.on('session:closing', ({ reason }) => {
      this.#closing = reason;
    });
    this.#transport.on('auth:expiring', () => void this.#renew());
  }

  open(): void {
    const { status } = this.#state.get();
    if (status !== 'initial' && status !== 'disconnected') return;
    this.#state.set({ status: 'connecting', refusal: null });
    this.#transport.open();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#state.set({ status: 'disconnected', refusal: null });
    this.#transport.close();
  }

  get connected(): boolean {
    return this.#state.get().status === 'connected';
  }

  /** Sends without waiting for an answer; dropped while there is no connection. */
  send<E extends keyof ClientEvents>(event: E, payload?: ClientEvents[E]['in']): void {
    if (this.connected) this.#transport.send(event, payload);
  }

  /** Asks and returns the data of the answer; throws a StorywireError otherwise. */
  async ask<E extends keyof ClientEvents>(
    event: E,
    payload: ClientEvents[E]['in'],
  ): Promise<ClientEvents[E]['data']> {
    if (!this.connected) throw new StorywireError('OFFLINE', 'There is no connection.');
    const answer = await this.#transport.ask(event, payload, ANSWER_MS).catch(() => null);
    if (answer === null) {
      throw this.connected
        ? new StorywireError('TIMEOUT', 'The server did not answer in time.')
        : new StorywireError('OFFLINE', 'The connection was lost.');
    }
    if (answer.ok) return answer.data;
    throw StorywireError.from(answer.error);
  }

  /** Resolves with the connection, or after `patienceMs` without one. */
  arrival(patienceMs: number): Promise<void> {
    if (this.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(finish, patienceMs);
      const stop = this.onUp(finish);
    });
  }

  on<E extends keyof ServerEvents>(event: E, handler: (payload: ServerEvents[E]) => void): () => void {
    return this.#transport.on(event, handler);
  }

  /** Calls `handler` after every connect, before anything that was missed comes. */
  onUp(handler: (restored: Restored) => void): () => void {
    this.#up.add(handler);
    return () => {
      this.#up.delete(handler);
    };
  }

  onDown(handler: () => void): () => void {
    this.#down.add(handler);
    return () => {
      this.#down.delete(handler);
    };
  }

  #connected(): void {
    this.#closing = null;
    this.#state.set({ status: 'connected', refusal: null });
  }

  /** The first event of every connection. */
  #ready({ user, connectionId, tokenExpiresAt, recovered, rooms }: SessionReady): void {
    this.#session.set({ user, connectionId, tokenExpiresAt });
    const restored = { recovered, rooms: new Set(rooms.map(({ storyId }) => storyId)) };
    for (const handler of [...this.#up]) handler(restored);
  }

  #dropped(): void {
    if (this.#state.get().status === 'disconnected') return;
    this.#state.set({ status: 'reconnecting', refusal: null });
    for (const handler of [...this.#down]) handler();
    if (this.#transport.active) return;
    // The server closed it: the transport stays down until asked.
    if (this.#closing === 'token') void this.#retryWithNewToken('TOKEN_EXPIRED');
    else this.#retryIn(this.#closing === 'abuse' ? 5 * RETRY_MS : RETRY_MS);
  }

  #refused(refusal: ConnectRefusal): void {
    if (this.#transport.active || this.#state.get().status === 'disconnected') return;
    if (refusal && AUTH_CODES.includes(refusal.code)) void this.#retryWithNewToken(refusal.code);
    else this.#retryIn(refusal?.retryAfterMs ?? RETRY_MS);
  }

  #retryIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#state.get().status !== 'disconnected') this.#transport.open();
    }, ms);
  }

  async #retryWithNewToken(code: ErrorCode): Promise<void> {
    const before = this.#used;
    const fresh = await Promise.resolve(this.#token()).catch(() => null);
    if (this.#state.get().status === 'disconnected') return;
    if (fresh !== null && fresh !== before) this.#transport.open();
    else this.#state.set({ status: 'disconnected', refusal: code });
  }

  async #renew(): Promise<void> {
    const token = await Promise.resolve(this.#token()).catch(() => null);
    if (token === null || token === this.#used) return;
    const renewed = await this.ask('auth:refresh', { token }).catch(() => null);
    if (renewed === null) return;
    this.#used = token;
    this.#session.update((session) => session && { ...session, tokenExpiresAt: renewed.expiresAt });
  }
}
