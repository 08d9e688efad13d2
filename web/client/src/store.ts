/** A value one can read now and hear about when it changes. */
export interface Readable<T> {
  readonly get: () => T;
  /** Calls `listener` after every change; the result stops that. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** What a store does while somebody listens: `start` with the first listener, its result with the last. */
export type Activation = () => () => void;

/** A writable store. Listeners hear of a change only when the value is another one (`Object.is`). */
export class Value<T> implements Readable<T> {
  #value: T;
  #listeners = new Set<() => void>();
  #activate: Activation | undefined;
  #deactivate: (() => void) | undefined;

  constructor(initial: T, activate?: Activation) {
    this.#value = initial;
    this.#activate = activate;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    // A fresh function per call: the same listener may subscribe twice and leave once.
    const entry = () => listener();
    this.#listeners.add(entry);
    if (this.#listeners.size === 1) this.#deactivate = this.#activate?.();
    return () => {
      if (!this.#listeners.delete(entry) || this.#listeners.size > 0) return;
      this.#deactivate?.();
      this.#deactivate = undefined;
    };
  };

  set(next: T): void {
    if (Object.is(this.#value, next)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }

  update(change: (current: T) => T): void {
    this.set(change(this.#value));
  }
}

/** Counts holders of a shared resource: acquired with the first, released with the last. */
export function shared(acquire: Activation): () => () => void {
  let holders = 0;
  let release: (() => void) | undefined;
  return () => {
    holders += 1;
    if (holders === 1) release = acquire();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holders -= 1;
      if (holders > 0) return;
      release?.();
      release = undefined;
    };
  };
}
