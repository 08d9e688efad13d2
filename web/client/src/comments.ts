import type { Connection } from './connection.js';
import { asStorywireError, type StorywireError } from './errors.js';
import { newNonce } from './nonce.js';
import type { StoryRoom } from './room.js';
import { type Readable, Value } from './store.js';
import type { Comment, User } from './wire.js';

/** One comment as a reader sees it: stored, on its way, or not accepted. */
export interface CommentRow {
  /** Stays the same when a comment on its way becomes a stored one. */
  key: string;
  status: 'sending' | 'sent' | 'failed';
  /** Null until stored. */
  id: string | null;
  /** The sender's own mark; null for comments of others. */
  cid: string | null;
  parentId: string | null;
  content: string;
  user: User;
  createdAt: string;
  /** Why it failed; null otherwise. */
  error: StorywireError | null;
}

export interface CommentsState {
  status: 'loading' | 'ready' | 'error';
  /** Stored comments by their place in the story, then those on their way in the order written. */
  rows: readonly CommentRow[];
  hasEarlier: boolean;
  loadingEarlier: boolean;
  error: StorywireError | null;
}

const PAGE = 50;
/** How many pages are fetched to close a gap after a long absence before the list starts anew. */
const GAP_PAGES = 4;
/** Attempts for one comment while connected; each carries the same cid, so it is stored once. */
const ATTEMPTS = 4;

const EMPTY: CommentsState = {
  status: 'loading',
  rows: [],
  hasEarlier: false,
  loadingEarlier: false,
  error: null,
};

/** The comments of one story: history and live ones as a single list, each exactly once. */
export class Comments {
  readonly state: Readable<CommentsState>;
  #state: Value<CommentsState>;
  #connection: Connection;
  #storyId: string;
  #stored = new Map<string, Comment>();
  #keys = new Map<string, string>();
  #outbox: CommentRow[] = [];
  #cursor: string | null = null;
  #epoch: string | null = null;
  #pumping = false;
  #synced = false;

  constructor(connection: Connection, storyId: string, room: StoryRoom) {
    this.#connection = connection;
    this.#storyId = storyId;
    this.#state = new Value(EMPTY, () => this.#listen(room));
    this.state = this.#state;
    // Outlives the listeners: what was written is sent even after its page is gone.
    connection.onUp(() => void this.#pump());
  }

  /** Shows the comment at once and sends it as soon as there is a connection; returns its cid. */
  readonly send = (content: string, parentId: string | null = null): string => {
    const session = this.#connection.session.get();
    const cid = newNonce();
    const user: User = session?.user ?? { id: '', display_name: '', avatar_url: null };
    const createdAt = new Date().toISOString();
    this.#outbox.push({
      key: cid,
      status: 'sending',
      id: null,
      cid,
      parentId,
      content,
      user,
      createdAt,
      error: null,
    });
    this.#publish();
    void this.#pump();
    return cid;
  };

  /** Sends a failed comment again, with the same cid. */
  readonly retry = (cid: string): void => {
    this.#mark(cid, 'sending', null);
    void this.#pump();
  };

  /** Takes a comment that failed out of the list. */
  readonly discard = (cid: string): void => {
    this.#outbox = this.#outbox.filter((row) => row.cid !== cid || row.status !== 'failed');
    this.#publish();
  };

  readonly loadEarlier = async (): Promise<void> => {
    const { loadingEarlier, hasEarlier } = this.#state.get();
    if (loadingEarlier || !hasEarlier || this.#cursor === null) return;
    this.#patch({ loadingEarlier: true });
    try {
      const page = await this.#page(this.#cursor);
      for (const comment of page.items) this.#store(comment);
      this.#cursor = page.nextCursor;
      this.#publish({ loadingEarlier: false, hasEarlier: page.nextCursor !== null, error: null });
    } catch (thrown) {
      this.#patch({ loadingEarlier: false, error: asStorywireError(thrown) });
    }
  };

  /** Fetches the newest comments again; for a "try again" button. */
  readonly reload = (): void => {
    this.#patch({ status: this.#stored.size > 0 ? 'ready' : 'loading', error: null });
    void this.#sync();
  };

  #listen(room: StoryRoom): () => void {
    const stops = [
      this.#connection.on('comment:created', (comment) => this.#created(comment)),
      this.#connection.on('sync:gap', ({ room }) => {
        if (room === `story:${this.#storyId}`) void this.#sync();
      }),
      // History is asked for after the join, so that nothing falls between the two.
      room.onJoined(() => void this.#sync()),
      room.state.subscribe(() => {
        const state = room.state.get();
        if (state.status === 'refused') this.#patch({ status: 'error', error: state.error });
      }),
      room.hold(),
    ];
    if (room.state.get().status === 'joined') void this.#sync();
    return () => {
      for (const stop of stops) stop();
    };
  }

  #created(comment: Comment): void {
    if (comment.storyId !== this.#storyId) return;
    if (this.#epoch !== null && comment.epoch !== this.#epoch) {
      // Another database than the one our list came from: nothing of it can be trusted.
      this.#reset();
      void this.#sync();
      return;
    }
    this.#store(comment);
    this.#publish();
  }

  #page(cursor: string | null): Promise<{ items: Comment[]; nextCursor: string | null }> {
    const where = { storyId: this.#storyId, limit: PAGE };
    return this.#connection.ask('comment:list', cursor === null ? where : { ...where, cursor });
  }

  /** Fetches from the newest backwards until it meets what is already here. */
  async #sync(): Promise<void> {
    const known = this.#synced ? this.#newestSeq() : 0;
    try {
      let page = await this.#page(null);
      const fetched = [...page.items];
      const meets = () => page.nextCursor === null || fetched.some((comment) => comment.seq <= known);
      for (let i = 1; known > 0 && !meets() && i < GAP_PAGES; i += 1) {
        page = await this.#page(page.nextCursor);
        fetched.push(...page.items);
      }
      const restarted = fetched.some((comment) => this.#epoch !== null && comment.epoch !== this.#epoch);
      const fresh = known === 0 || restarted || !meets();
      if (fresh) this.#reset(restarted ? -1 : known);
      for (const comment of fetched) this.#store(comment);
      if (fresh) this.#cursor = page.nextCursor;
      this.#synced = true;
      this.#publish({ status: 'ready', hasEarlier: this.#cursor !== null, error: null });
    } catch (thrown) {
      const error = asStorywireError(thrown);
      if (error.code === 'OFFLINE') return;
      this.#patch({ status: this.#stored.size > 0 ? 'ready' : 'error', error });
    }
  }

  #newestSeq(): number {
    let newest = 0;
    for (const { seq } of this.#stored.values()) newest = Math.max(newest, seq);
    return newest;
  }

  /** Forgets stored comments up to `upTo` (all when negative); later ones came live while a page was under way. */
  #reset(upTo = -1): void {
    for (const [id, comment] of this.#stored) {
      if (upTo < 0 || comment.seq <= upTo) this.#stored.delete(id);
    }
    if (upTo < 0) this.#epoch = null;
    this.#cursor = null;
  }

  #store(comment: Comment): void {
    this.#epoch = comment.epoch;
    this.#stored.set(comment.id, comment);
    const own = comment.user.id === this.#connection.session.get()?.user.id;
    if (!own || comment.cid === undefined) return;
    const waiting = this.#outbox.findIndex((row) => row.cid === comment.cid);
    if (waiting < 0) return;
    this.#keys.set(comment.id, comment.cid);
    this.#outbox = this.#outbox.filter((_, index) => index !== waiting);
  }

  /** One at a time, so that comments are stored in the order they were written. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    let attempts = 0;
    let last: string | null = null;
    for (;;) {
      const row = this.#outbox.find((candidate) => candidate.status === 'sending');
      if (!row || row.cid === null || !this.#connection.connected) break;
      attempts = row.cid === last ? attempts + 1 : 1;
      last = row.cid;
      const pause = await this.#deliver(row, row.cid, attempts);
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#pumping = false;
  }

  /** Returns how long to wait before the next attempt, in milliseconds. */
  async #deliver(row: CommentRow, cid: string, attempt: number): Promise<number> {
    const { content, parentId } = row;
    const base = { storyId: this.#storyId, content, cid };
    try {
      const comment = await this.#connection.ask(
        'comment:new',
        parentId === null ? base : { ...base, parentId },
      );
      this.#store({ ...comment, cid });
      this.#publish();
      return 0;
    } catch (thrown) {
      const error = asStorywireError(thrown);
      if (error.code === 'OFFLINE') return 0;
      const worthwhile =
        error.code === 'TIMEOUT' || error.code === 'RATE_LIMITED' || error.code === 'UNAVAILABLE';
      if (worthwhile && attempt < ATTEMPTS) return error.retryAfterMs ?? attempt * 500;
      this.#mark(cid, 'failed', error);
      return 0;
    }
  }

  #mark(cid: string, status: 'sending' | 'failed', error: StorywireError | null): void {
    this.#outbox = this.#outbox.map((row) => (row.cid === cid ? { ...row, status, error } : row));
    this.#publish();
  }

  #patch(change: Partial<CommentsState>): void {
    this.#state.update((state) => ({ ...state, ...change }));
  }

  #publish(change: Partial<CommentsState> = {}): void {
    const stored = [...this.#stored.values()].sort((a, b) => a.seq - b.seq);
    const rows = stored.map((comment) => this.#row(comment));
    this.#patch({ ...change, rows: [...rows, ...this.#outbox] });
  }

  #row(comment: Comment): CommentRow {
    const { id, parentId, content, user, createdAt } = comment;
    const cid = this.#keys.get(id) ?? null;
    return { key: cid ?? id, status: 'sent', id, cid, parentId, content, user, createdAt, error: null };
  }
}
