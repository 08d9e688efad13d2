import type { Connection } from './connection.js';
import type { StoryRoom } from './room.js';
import { type Readable, Value } from './store.js';
import type { Typing as TypingEvent, User } from './wire.js';

/** The server forgets a typist after 8 s without a word; this leaves room for a slow network. */
const REFRESH_MS = 3_000;
/** Hands off the keys for this long means no longer writing. */
const IDLE_MS = 4_000;
/** A stop that got lost must not leave somebody writing for ever. */
const GHOST_MS = 60_000;

/** Who else is writing in a story, and telling the others that we are. */
export class Typing {
  readonly writers: Readable<readonly User[]>;
  #writers: Value<readonly User[]>;
  #connection: Connection;
  #storyId: string;
  #ghosts = new Map<string, ReturnType<typeof setTimeout>>();
  #idle: ReturnType<typeof setTimeout> | undefined;
  #told = 0;

  constructor(connection: Connection, storyId: string, room: StoryRoom) {
    this.#connection = connection;
    this.#storyId = storyId;
    this.#writers = new Value<readonly User[]>([], () => this.#listen(room));
    this.writers = this.#writers;
  }

  /** Call on every keystroke: tells the others at most once in 3 s, and stops by itself after 4 s of rest. */
  readonly keystroke = (): void => {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(this.stop, IDLE_MS);
    const now = Date.now();
    if (now - this.#told < REFRESH_MS) return;
    this.#told = now;
    this.#connection.send('comment:typing', { storyId: this.#storyId, isTyping: true });
  };

  /** Call when the field is left, emptied or sent. */
  readonly stop = (): void => {
    clearTimeout(this.#idle);
    if (this.#told === 0) return;
    this.#told = 0;
    this.#connection.send('comment:typing', { storyId: this.#storyId, isTyping: false });
  };

  #listen(room: StoryRoom): () => void {
    const stops = [
      this.#connection.on('comment:typing', (event) => this.#heard(event)),
      this.#connection.on('comment:created', ({ storyId, user }) => {
        if (storyId === this.#storyId) this.#remove(user.id);
      }),
      this.#connection.onDown(() => this.#clear()),
      room.hold(),
    ];
    return () => {
      for (const stop of stops) stop();
      this.stop();
      this.#clear();
    };
  }

  #heard({ storyId, userId, user, isTyping }: TypingEvent): void {
    if (storyId !== this.#storyId || userId === this.#connection.session.get()?.user.id) return;
    if (!isTyping) {
      this.#remove(userId);
      return;
    }
    clearTimeout(this.#ghosts.get(userId));
    this.#ghosts.set(
      userId,
      setTimeout(() => this.#remove(userId), GHOST_MS),
    );
    this.#writers.update((list) => (list.some(({ id }) => id === userId) ? list : [...list, user]));
  }

  #remove(userId: string): void {
    clearTimeout(this.#ghosts.get(userId));
    this.#ghosts.delete(userId);
    this.#writers.update((list) => {
      const rest = list.filter(({ id }) => id !== userId);
      return rest.length === list.length ? list : rest;
    });
  }

  #clear(): void {
    for (const timer of this.#ghosts.values()) clearTimeout(timer);
    this.#ghosts.clear();
    if (this.#writers.get().length > 0) this.#writers.set([]);
  }
}
