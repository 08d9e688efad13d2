import * as Y from 'yjs';

/** As many as merge quickly: the time it takes grows faster than their number. */
const MERGED = 200;

/**
 * What was written here and is not yet stored there. Updates wait for `coalesceMs`, are merged, and leave in
 * batches, of which only so many may be unanswered. Whatever goes wrong with one, the next synchronization brings
 * everything that the server lacks: then the outbox is emptied.
 */
export class Outbox {
  #waiting: Uint8Array[] = [];
  #unanswered = new Set<number>();
  #n = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;
  #send: (update: Uint8Array, n: number) => void;
  #changed: () => void;
  limit = { batches: 8, coalesceMs: 50 };

  constructor(send: (update: Uint8Array, n: number) => void, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
  }

  /** Batches that are not known to be stored. */
  get size(): number {
    return this.#unanswered.size + (this.#waiting.length > 0 ? 1 : 0);
  }

  add(update: Uint8Array): void {
    this.#waiting.push(update);
    this.#schedule();
    this.#changed();
  }

  /** Starts to send what waits. */
  resume(): void {
    this.#open = true;
    this.#schedule();
  }

  /** Keeps everything until `resume`. */
  pause(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Forgets everything: a synchronization brings it. */
  clear(): void {
    this.#waiting = [];
    this.#unanswered.clear();
    this.#changed();
  }

  /** Gives a number to a batch that is sent by other means. */
  expect(): number {
    this.#n += 1;
    this.#unanswered.add(this.#n);
    this.#changed();
    return this.#n;
  }

  /** False for a batch that was forgotten meanwhile. */
  answered(n: number): boolean {
    if (!this.#unanswered.delete(n)) return false;
    this.#schedule();
    this.#changed();
    return true;
  }

  #schedule(): void {
    if (!this.#open || this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, this.limit.coalesceMs);
  }

  #flush(): void {
    while (this.#open && this.#waiting.length > 0 && this.#unanswered.size < this.limit.batches) {
      const some = this.#waiting.splice(0, MERGED);
      const update = some.length === 1 && some[0] ? some[0] : Y.mergeUpdates(some);
      this.#send(update, this.expect());
    }
  }
}
