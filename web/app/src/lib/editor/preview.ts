import {
  type DocPreview,
  type DocPreviewAsk,
  type Readable,
  type Storywire,
  StorywireError,
  Value,
} from '@storywire/client';
import type { StoryDoc } from '@storywire/client/edit';
import { asMessage } from '@/lib/message';

/** What a preview shows, and why that may not be what is written now. */
export interface Shown {
  /** The last answer; null: none has come yet. */
  view: DocPreview | null;
  /** Why the last try failed; null: it did not. */
  trouble: string | null;
}

/** How long changes are gathered: while somebody writes, the server plays less than twice a second. */
const GATHER_MS = 700;
/** How soon to look again whether what is written here has been stored, or the last answer has come. */
const LOOK_MS = 120;

/** Keeps a preview in step with a document, while somebody listens. */
export class Previewer {
  readonly shown: Readable<Shown>;
  #shown: Value<Shown>;
  #link: Storywire['link'];
  #provider: StoryDoc;
  #ask: DocPreviewAsk | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #open = false;

  constructor(link: Storywire['link'], provider: StoryDoc) {
    this.#link = link;
    this.#provider = provider;
    this.#shown = new Value<Shown>({ view: null, trouble: null }, () => this.#start());
    this.shown = this.#shown;
  }

  /** Asks for this now, and again whenever anybody writes. */
  ask(ask: DocPreviewAsk): void {
    if (JSON.stringify(ask) === JSON.stringify(this.#ask)) return;
    this.#ask = ask;
    this.#soon(0);
  }

  #start(): () => void {
    this.#open = true;
    let { doc, status } = this.#provider.state.get();
    const written = () => {
      if (this.#timer === undefined) this.#soon(GATHER_MS);
    };
    doc.on('update', written);
    const stop = this.#provider.state.subscribe(() => {
      const state = this.#provider.state.get();
      if (state.doc !== doc) {
        doc.off('update', written);
        doc = state.doc;
        doc.on('update', written);
      }
      if (state.status === 'live' && status !== 'live') this.#soon(0);
      status = state.status;
    });
    this.#soon(0);
    return () => {
      this.#open = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      doc.off('update', written);
      stop();
    };
  }

  /** Looks after `ms`, whatever was planned before. */
  #soon(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = this.#open ? setTimeout(() => void this.#look(), ms) : undefined;
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    const { status, unsynced } = this.#provider.state.get();
    const ask = this.#ask;
    if (ask === null || status !== 'live') return;
    if (this.#busy || unsynced > 0) {
      this.#soon(LOOK_MS);
      return;
    }
    this.#busy = true;
    const answer = await this.#play(ask);
    this.#busy = false;
    // An answer to what is no longer asked is not shown: the next one is on its way.
    if (answer && ask === this.#ask) this.#shown.update((was) => ({ ...was, ...answer }));
  }

  /** Null: it is to be tried again, which is planned. */
  async #play(ask: DocPreviewAsk): Promise<Partial<Shown> | null> {
    try {
      const path = `/v1/docs/${encodeURIComponent(this.#provider.storyId)}/preview`;
      const response = await this.#link.fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        // Another node than that of our connection may answer.
        body: JSON.stringify({ ...ask, minSeq: this.#provider.seq }),
      });
      return { view: await response.json(), trouble: null };
    } catch (thrown) {
      const wait = thrown instanceof StorywireError ? thrown.retryAfterMs : undefined;
      if (wait === undefined) return { trouble: asMessage(thrown) };
      this.#soon(wait);
      return null;
    }
  }
}
