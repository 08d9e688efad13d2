import { type Activation, Value } from './store.js';
import type { User } from './wire.js';

/** The server forgets a typist after 8 s without a word; this leaves room for a slow network. */
const REFRESH_MS = 3_000;
/** Hands off the keys for this long means no longer writing. */
const IDLE_MS = 4_000;
/** A stop that got lost must not leave somebody writing for ever. */
const GHOST_MS = 60_000;

/** Who else writes, in the order they began. */
export class Writers {
  readonly list: Value<readonly User[]>;
  #ghosts = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(activate: Activation) {
    this.list = new Value<readonly User[]>([], activate);
  }

  add(user: User): void {
    clearTimeout(this.#ghosts.get(user.id));
    this.#ghosts.set(
      user.id,
      setTimeout(() => this.remove(user.id), GHOST_MS),
    );
    this.list.update((list) => (list.some(({ id }) => id === user.id) ? list : [...list, user]));
  }

  remove(userId: string): void {
    clearTimeout(this.#ghosts.get(userId));
    this.#ghosts.delete(userId);
    this.list.update((list) => {
      const rest = list.filter(({ id }) => id !== userId);
      return rest.length === list.length ? list : rest;
    });
  }

  clear(): void {
    for (const timer of this.#ghosts.values()) clearTimeout(timer);
    this.#ghosts.clear();
    if (this.list.get().length > 0) this.list.set([]);
  }
}

/** Tells that we write: at most once in 3 s, and that we stopped after 4 s of rest. */
export class Keystrokes {
  #tell: (isTyping: boolean) => void;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #told = 0;

  constructor(tell: (isTyping: boolean) => void) {
    this.#tell = tell;
  }

  readonly press = (): void => {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(this.stop, IDLE_MS);
    const now = Date.now();
    if (now - this.#told < REFRESH_MS) return;
    this.#told = now;
    this.#tell(true);
  };

  readonly stop = (): void => {
    clearTimeout(this.#idle);
    if (this.#told === 0) return;
    this.#told = 0;
    this.#tell(false);
  };
}
