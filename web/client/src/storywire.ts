import { Comments } from './comments.js';
import { Connection, type ConnectionState, type Session } from './connection.js';
import { Notifications } from './notifications.js';
import { createParties, type Parties } from './parties.js';
import { OnlineUsers, type Readers, StoryActivity, StoryReaders } from './presence.js';
import { authorizedRequest, createRest, type Rest } from './rest.js';
import { type RoomState, StoryRoom } from './room.js';
import type { Readable } from './store.js';
import { socketTransport, type TokenSource, type Transport } from './transport.js';
import { Typing } from './typing.js';

export interface StorywireOptions {
  /** The server's origin, such as `https://stories.example`; empty (the default) is the page's own. */
  url?: string;
  /** A token that lives as long as it is needed; or else `getToken`. */
  token?: string;
  /** Asked before every attempt to connect, every request, and when the token is about to expire. */
  getToken?: TokenSource;
  /** Replaces Socket.IO; for tests. */
  createTransport?: (token: TokenSource) => Transport;
  /** Replaces `fetch`; for tests. */
  fetch?: typeof globalThis.fetch;
}

/** The connection, and requests of its user. */
export interface Link extends Pick<Connection, 'connected' | 'ask' | 'send' | 'on' | 'onUp' | 'onDown'> {
  /** `fetch` with the user's token; throws a StorywireError unless the answer is a success. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** Everything alive about one story. Listening to a part of it joins the story's room. */
export interface StoryChannel {
  readonly room: Readable<RoomState>;
  readonly comments: Comments;
  readonly typing: Typing;
  /** Listening to the readers does not make one of them. */
  readonly readers: Readable<Readers>;
  readonly activity: StoryActivity;
}

export interface Storywire {
  readonly connection: Readable<ConnectionState>;
  /** Null until the server has said who we are. */
  readonly session: Readable<Session | null>;
  readonly online: Readable<ReadonlySet<string>>;
  readonly notifications: Notifications;
  readonly parties: Parties;
  readonly rest: Rest;
  /** What the other parts of this package talk through. */
  readonly link: Link;
  connect(): void;
  close(): void;
  /** The same object for the same id. */
  story(id: string): StoryChannel;
}

/** Makes a client. Nothing connects before `connect()` is called. */
export function createStorywire(options: StorywireOptions = {}): Storywire {
  const url = options.url ?? '';
  const token: TokenSource = options.getToken ?? (() => options.token ?? null);
  const createTransport = options.createTransport ?? ((source) => socketTransport(url, source));
  const connection = new Connection(createTransport, token);
  const channels = new Map<string, StoryChannel>();
  const fetcher: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const authorized = (path: string, init?: RequestInit) => authorizedRequest(fetcher, url, token, path, init);
  return {
    connection: connection.state,
    session: connection.session,
    online: new OnlineUsers(connection).users,
    notifications: new Notifications(connection),
    parties: createParties(connection, async (path, signal) =>
      (await authorized(path, { signal: signal ?? null })).json(),
    ),
    rest: createRest(url, token, fetcher),
    link: createLink(connection, authorized),
    connect: () => connection.open(),
    close: () => connection.close(),
    story: (id) => {
      const existing = channels.get(id);
      if (existing) return existing;
      const channel = createChannel(connection, id);
      channels.set(id, channel);
      return channel;
    },
  };
}

function createLink(connection: Connection, fetch: Link['fetch']): Link {
  return {
    get connected() {
      return connection.connected;
    },
    ask: (event, payload) => connection.ask(event, payload),
    send: (event, payload) => connection.send(event, payload),
    on: (event, handler) => connection.on(event, handler),
    onUp: (handler) => connection.onUp(handler),
    onDown: (handler) => connection.onDown(handler),
    fetch,
  };
}

function createChannel(connection: Connection, id: string): StoryChannel {
  const room = new StoryRoom(connection, id);
  return {
    room: room.state,
    comments: new Comments(connection, id, room),
    typing: new Typing(connection, id, room),
    readers: new StoryReaders(connection, id).state,
    activity: new StoryActivity(connection, id, room),
  };
}
