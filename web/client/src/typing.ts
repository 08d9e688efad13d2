import type { Connection } from './connection.js';
import type { StoryRoom } from './room.js';
import type { Readable } from './store.js';
import type { User } from './wire.js';
import { Keystrokes, Writers } from './writers.js';

/** Who else is writing in a story, and telling the others that we are. */
export class Typing {
  readonly writers: Readable<readonly User[]>;
  /** Call on every keystroke: tells the others at most once in 3 s, and stops by itself after 4 s of rest. */
  readonly keystroke: () => void;
  /** Call when the field is left, emptied or sent. */
  readonly stop: () => void;
  #writers: Writers;
  #connection: Connection;
  #storyId: string;

  constructor(connection: Connection, storyId: string, room: StoryRoom) {
    this.#connection = connection;
    this.#storyId = storyId;
    this.#writers = new Writers(() => this.#listen(room));
    this.writers = this.#writers.list;
    const keys = new Keystrokes((isTyping) => connection.send('comment:typing', { storyId, isTyping }));
    this.keystroke = keys.press;
    this.stop = keys.stop;
  }

  #listen(room: StoryRoom): () => void {
    const stops = [
      this.#connection.on('comment:typing', ({ storyId, userId, user, isTyping }) => {
        if (storyId !== this.#storyId || userId === this.#connection.session.get()?.user.id) return;
        if (isTyping) this.#writers.add(user);
        else this.#writers.remove(userId);
      }),
      this.#connection.on('comment:created', ({ storyId, user }) => {
        if (storyId === this.#storyId) this.#writers.remove(user.id);
      }),
      this.#connection.onDown(() => this.#writers.clear()),
      room.hold(),
    ];
    return () => {
      for (const stop of stops) stop();
      this.stop();
      this.#writers.clear();
    };
  }
}
