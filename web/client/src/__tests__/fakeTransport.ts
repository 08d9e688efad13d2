import { Connection } from '../connection.js';
import type { ConnectRefusal, TokenSource, Transport } from '../transport.js';
import type { Ack, ClientEvents, Comment, ServerEvents, User } from '../wire.js';

type Handler = (payload: never) => void;
type Answer = (payload: unknown) => Ack<unknown> | Promise<Ack<unknown>>;

export interface Sent {
  event: string;
  payload: unknown;
}

/** A socket whose server is the test. */
export class FakeTransport implements Transport {
  connected = false;
  active = true;
  opened = 0;
  /** Everything that left, asked or merely sent. */
  readonly sent: Sent[] = [];
  #answers = new Map<string, Answer>();
  #handlers = new Map<string, Set<Handler>>();
  #connect = new Set<() => void>();
  #disconnect = new Set<() => void>();
  #refused = new Set<(refusal: ConnectRefusal) => void>();

  #token: TokenSource;

  constructor(token: TokenSource = () => 't1') {
    this.#token = token;
  }

  /** Asks for the token, as every attempt to connect does. */
  open(): void {
    this.opened += 1;
    void this.#token();
  }

  close(): void {
    this.drop(false);
  }

  send(event: string, payload?: unknown): void {
    this.sent.push({ event, payload });
  }

  async ask<E extends keyof ClientEvents>(
    event: E,
    payload: ClientEvents[E]['in'],
  ): Promise<Ack<ClientEvents[E]['data']>> {
    this.sent.push({ event, payload });
    const answer = this.#answers.get(event);
    const dropped = new Promise<never>((_, reject) => {
      this.#disconnect.add(() => reject(new Error('socket has been disconnected')));
    });
    if (!answer) return dropped;
    return Promise.race([answer(payload), dropped]) as Promise<Ack<ClientEvents[E]['data']>>;
  }

  on<E extends keyof ServerEvents>(event: E, handler: (payload: ServerEvents[E]) => void): () => void {
    return add(this.#handlers, event, handler as Handler);
  }

  onConnect(handler: () => void): () => void {
    this.#connect.add(handler);
    return () => this.#connect.delete(handler);
  }

  onDisconnect(handler: () => void): () => void {
    this.#disconnect.add(handler);
    return () => this.#disconnect.delete(handler);
  }

  onRefused(handler: (refusal: ConnectRefusal) => void): () => void {
    this.#refused.add(handler);
    return () => this.#refused.delete(handler);
  }

  /** Answers every question of this name from now on. */
  answer<E extends keyof ClientEvents>(
    event: E,
    give: (
      payload: ClientEvents[E]['in'],
    ) => Ack<ClientEvents[E]['data']> | Promise<Ack<ClientEvents[E]['data']>>,
  ): void {
    this.#answers.set(event, give as Answer);
  }

  receive<E extends keyof ServerEvents>(event: E, payload: ServerEvents[E]): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(payload as never);
  }

  /** restored: the stories that a recovered session is in. */
  up(user: User = wren, restored?: string[]): void {
    this.connected = true;
    this.active = true;
    for (const handler of this.#connect) handler();
    this.receive('session:ready', {
      connectionId: 'k1',
      user,
      recovered: restored !== undefined,
      position: { epoch: 'e1', seq: 0 },
      serverTime: '2026-01-01T00:00:00.000Z',
      tokenExpiresAt: '2026-01-02T00:00:00.000Z',
      rooms: (restored ?? []).map((storyId) => ({ storyId, role: 'viewer' as const, epoch: 'e1', seq: 0 })),
      unread: { notifications: { unread: 0, rev: 0 } },
    });
  }

  drop(active = true): void {
    this.connected = false;
    this.active = active;
    for (const handler of [...this.#disconnect]) handler();
  }

  refuse(refusal: ConnectRefusal): void {
    this.active = refusal === null;
    for (const handler of this.#refused) handler(refusal);
  }

  sentOf(event: keyof ClientEvents): unknown[] {
    return this.sent.filter((one) => one.event === event).map(({ payload }) => payload);
  }
}

function add(map: Map<string, Set<Handler>>, event: string, handler: Handler): () => void {
  const handlers = map.get(event) ?? new Set();
  map.set(event, handlers);
  handlers.add(handler);
  return () => handlers.delete(handler);
}

export const wren: User = { id: 'u-wren', display_name: 'Wren', avatar_url: null };
export const ezra: User = { id: 'u-ezra', display_name: 'Ezra', avatar_url: null };

export const ok = <T>(data: T): Ack<T> => ({ ok: true, data });

export function comment(seq: number, more: Partial<Comment> = {}): Comment {
  return {
    id: `c${seq}`,
    storyId: 's1',
    seq,
    epoch: 'e1',
    parentId: null,
    content: `Comment ${seq}`,
    user: ezra,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

/** A connection over a fake transport, opened but not yet connected. */
export function connect(token: TokenSource = () => 't1'): {
  connection: Connection;
  transport: FakeTransport;
} {
  let transport = new FakeTransport();
  const connection = new Connection((source) => {
    transport = new FakeTransport(source);
    return transport;
  }, token);
  connection.open();
  return { connection, transport };
}

/** Lets everything that waits for a resolved promise go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 200; i += 1) await Promise.resolve();
}
