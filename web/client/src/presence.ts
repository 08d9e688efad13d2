import type { Connection } from './connection.js';
import type { StoryRoom } from './room.js';
import { type Readable, Value } from './store.js';
import type { Activity, PresenceDiff, PresenceUser, PresenceUsers } from './wire.js';

/** Who is online at all, over every tab and story. */
export class OnlineUsers {
  readonly users: Readable<ReadonlySet<string>>;
  #users = new Value<ReadonlySet<string>>(new Set());

  constructor(connection: Connection) {
    this.users = this.#users;
    connection.onUp(() => connection.send('presence:subscribe'));
    connection.on('presence:users', ({ storyId, users }) => {
      if (storyId === undefined) this.#users.set(new Set(users));
    });
    connection.on('user:online', ({ userId }) => this.#change(userId, true));
    connection.on('user:offline', ({ userId }) => this.#change(userId, false));
  }

  #change(userId: string, online: boolean): void {
    if (this.#users.get().has(userId) === online) return;
    const next = new Set(this.#users.get());
    if (online) next.add(userId);
    else next.delete(userId);
    this.#users.set(next);
  }
}

/** Who reads a story now. `count` may be greater than the members the server names. */
export interface Readers {
  ready: boolean;
  count: number;
  members: readonly PresenceUser[];
}

/** Subscribed while somebody listens; a gap in the numbers of the changes asks for a new snapshot. */
export class StoryReaders {
  readonly state: Readable<Readers>;
  #state: Value<Readers>;
  #connection: Connection;
  #storyId: string;
  #seq = -1;

  constructor(connection: Connection, storyId: string) {
    this.#connection = connection;
    this.#storyId = storyId;
    this.#state = new Value<Readers>({ ready: false, count: 0, members: [] }, () => this.#listen());
    this.state = this.#state;
  }

  #listen(): () => void {
    const stops = [
      this.#connection.onUp(() => {
        // Another server, and one that was restarted, has numbers of its own.
        this.#seq = -1;
        void this.#snapshot();
      }),
      this.#connection.on('presence:users', (users) => this.#replace(users)),
      this.#connection.on('presence:diff', (diff) => this.#apply(diff)),
    ];
    void this.#snapshot();
    return () => {
      for (const stop of stops) stop();
      this.#seq = -1;
      this.#connection.send('presence:unsubscribe', { storyId: this.#storyId });
    };
  }

  async #snapshot(): Promise<void> {
    const users = await this.#connection
      .ask('presence:subscribe', { storyId: this.#storyId })
      // Refused or offline: readers are an extra, the page lives without them until the next connect.
      .catch(() => null);
    if (users) this.#replace(users);
  }

  #replace({ storyId, members, count, seq }: PresenceUsers): void {
    if (storyId !== this.#storyId || seq < this.#seq) return;
    this.#seq = seq;
    this.#state.set({ ready: true, count, members: members ?? [] });
  }

  #apply({ storyId, joins, leaves, updates, count, seq }: PresenceDiff): void {
    if (storyId !== this.#storyId || this.#seq < 0 || seq <= this.#seq) return;
    if (seq !== this.#seq + 1) {
      this.#seq = -1;
      void this.#snapshot();
      return;
    }
    this.#seq = seq;
    const gone = new Set([...leaves, ...joins].map(({ userId }) => userId));
    const stayed = this.#state
      .get()
      .members.filter(({ userId }) => !gone.has(userId))
      .map((member) => updates.find(({ userId }) => userId === member.userId) ?? member);
    this.#state.set({ ready: true, count, members: [...stayed, ...joins] });
  }
}

/** What the user does in a story, as others are told. */
export class StoryActivity {
  /** Says it after every connection, from the story's room, until the result is called. */
  readonly hold: (kind: Activity['kind']) => () => void;

  constructor(connection: Connection, storyId: string, room: StoryRoom) {
    this.hold = (kind) => {
      const leave = room.hold();
      const say = () => connection.send('presence:update', { activity: { kind, storyId } });
      const stop = connection.onUp(say);
      say();
      return () => {
        stop();
        connection.send('presence:update', { activity: { kind: 'reading' } });
        leave();
      };
    };
  }
}
