import type { Connection } from './connection.js';
import { asStorywireError, type StorywireError } from './errors.js';
import { type Readable, shared, Value } from './store.js';
import type { Role, StoryJoined } from './wire.js';

export type RoomState =
  | { status: 'idle' | 'joining' }
  | { status: 'joined'; role: Role }
  | { status: 'refused'; error: StorywireError };

/** Being in a story's room: joined while held, joined again after a connection that did not restore it. */
export class StoryRoom {
  readonly state: Readable<RoomState>;
  /** Joins while at least one holder is there; the result lets go. */
  readonly hold: () => () => void;
  #state = new Value<RoomState>({ status: 'idle' });
  #connection: Connection;
  #storyId: string;
  #joined = new Set<(joined: StoryJoined) => void>();

  constructor(connection: Connection, storyId: string) {
    this.#connection = connection;
    this.#storyId = storyId;
    this.state = this.#state;
    this.hold = shared(() => this.#enter());
    // Let go while there was no connection to say so.
    connection.onUp(({ rooms }) => {
      if (this.#state.get().status === 'idle' && rooms.has(storyId)) this.#leave();
    });
  }

  /** Calls `handler` after every join with what the server said. */
  onJoined(handler: (joined: StoryJoined) => void): () => void {
    this.#joined.add(handler);
    return () => {
      this.#joined.delete(handler);
    };
  }

  #enter(): () => void {
    const stops = [
      this.#connection.onUp(({ rooms }) => {
        if (this.#state.get().status !== 'joined' || !rooms.has(this.#storyId)) void this.#join(rooms);
      }),
      this.#connection.on('story:left', ({ storyId, reason }) => {
        if (storyId !== this.#storyId || reason !== 'revoked') return;
        const error = asStorywireError(new Error('You may no longer read this story.'));
        this.#state.set({ status: 'refused', error });
      }),
    ];
    void this.#join();
    return () => {
      for (const stop of stops) stop();
      this.#leave();
      this.#state.set({ status: 'idle' });
    };
  }

  #leave(): void {
    this.#connection.send('story:leave', { storyId: this.#storyId });
  }

  async #join(restored?: ReadonlySet<string>): Promise<void> {
    this.#state.set({ status: 'joining' });
    // A join whose answer was lost counted: the one that follows replaces it.
    if (restored?.has(this.#storyId)) this.#leave();
    if (!this.#connection.connected) return;
    try {
      const joined = await this.#connection.ask('story:join', { storyId: this.#storyId });
      if (this.#state.get().status !== 'joining') return;
      this.#state.set({ status: 'joined', role: joined.role });
      for (const handler of [...this.#joined]) handler(joined);
    } catch (thrown) {
      const error = asStorywireError(thrown);
      // Without a connection the next one joins; only the server's own word is final.
      if (error.code === 'OFFLINE' || this.#state.get().status !== 'joining') return;
      this.#state.set({ status: 'refused', error });
    }
  }
}
