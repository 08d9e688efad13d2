/**
 * Which updates of the log have come. They come in order, but an answer and an event that arrive together may be
 * handled the other way round: only a hole that stays is one.
 */
export class Positions {
  #last = 0;
  #ahead = new Set<number>();

  get last(): number {
    return this.#last;
  }

  /** True while something is missing before what has come. */
  get gap(): boolean {
    return this.#ahead.size > 0;
  }

  /** Everything up to `seq` is here. */
  reset(seq: number): void {
    this.#last = seq;
    this.#ahead.clear();
  }

  saw(seq: number): void {
    if (seq > this.#last) this.#ahead.add(seq);
    while (this.#ahead.delete(this.#last + 1)) this.#last += 1;
  }
}
