import { IndexeddbPersistence } from 'y-indexeddb';
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness';
import * as Y from 'yjs';
import { asStorywireError, StorywireError } from '../errors.js';
import { type Readable, shared, Value } from '../store.js';
import type { Storywire } from '../storywire.js';
import type { Binary, EditLimits, EditPeer, EditSynced, ErrorCode, Role } from '../wire.js';
import { Outbox } from './outbox.js';
import { Positions } from './positions.js';
import { type RecoveryFile, recoveryFile } from './recovery.js';

/** Keeps a document in this browser, as y-indexeddb does. */
export interface Persistence {
  whenSynced: Promise<unknown>;
  clearData(): Promise<void>;
  destroy(): Promise<void>;
}

export interface StoryDocOptions {
  /** How the document is kept for offline work; null: not at all. Default: IndexedDB where there is one. */
  persist?: ((name: string, doc: Y.Doc) => Persistence) | null;
}

/**
 * loading: what is kept here is being read. opening: asking the server. live: in step with it.
 * offline: no connection; what is written is kept. refused: the server does not let us in.
 */
export type StoryDocStatus = 'loading' | 'opening' | 'live' | 'offline' | 'refused';

export interface StoryDocState {
  status: StoryDocStatus;
  /** Another one after a reset: editors are bound anew. */
  doc: Y.Doc;
  awareness: Awareness;
  /** `none` until the server has said it. */
  role: Role;
  /** Who has it open, as of the last opening; awareness says who is there now. */
  peers: readonly EditPeer[];
  limits: EditLimits | null;
  /** Changes that are not known to be stored; 0 means: all changes saved. */
  unsynced: number;
  /** Why nothing is stored or shown now; null: no reason. */
  error: StorywireError | null;
  /** The text of a document that had to be given up. */
  recovery: RecoveryFile | null;
}

const PROTO = 1;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** How long a hole in the sequence may last: events and answers overtake each other for less. */
const GAP_MS = 1_000;
/** Cursors are gathered for so long. */
const AWARENESS_MS = 50;
/** These tell that the replica went astray. */
const ASTRAY: readonly ErrorCode[] = ['MALFORMED_UPDATE', 'SCHEMA', 'CLIENT_ID', 'FUTURE_DELETE'];

/** Roles that write. */
export function mayWrite(role: Role): boolean {
  return role === 'editor' || role === 'author' || role === 'moderator' || role === 'admin';
}

/** The document of a story, in step with the server and with everybody who has it open. */
export class StoryDoc {
  readonly state: Readable<StoryDocState>;
  /** Opens the document while at least one holder is there; the result lets go. */
  readonly hold: () => () => void;
  readonly storyId: string;
  #storywire: Storywire;
  #persist: ((name: string, doc: Y.Doc) => Persistence) | null;
  #state: Value<StoryDocState>;
  #kept: Persistence | null = null;
  #outbox: Outbox;
  #positions = new Positions();
  #held = false;
  #session = 0;
  #busy = false;
  #again = false;
  #dirty = false;
  #retry = RETRY_MS;
  #timers = new Map<'retry' | 'gap' | 'awareness', ReturnType<typeof setTimeout>>();

  constructor(storywire: Storywire, storyId: string, options: StoryDocOptions = {}) {
    this.#storywire = storywire;
    this.storyId = storyId;
    this.#persist = options.persist === undefined ? defaultPersistence() : options.persist;
    const doc = new Y.Doc();
    const awareness = new Awareness(doc);
    awareness.destroy(); // its timer runs only while the document is held
    this.#state = new Value<StoryDocState>({
      status: 'loading',
      doc,
      awareness,
      role: 'none',
      peers: [],
      limits: null,
      unsynced: 0,
      error: null,
      recovery: null,
    });
    this.state = this.#state;
    this.#outbox = new Outbox(
      (update, n) => void this.#push(update, n),
      () => this.#count(),
    );
    this.hold = shared(() => this.#start());
  }

  /** The last update of the log up to which everything is here. */
  get seq(): number {
    return this.#positions.last;
  }

  /** Tries again now what waits for its time. */
  retry(): void {
    this.#retry = RETRY_MS;
    void this.#synchronize('open');
  }

  /** Says that the recovery file has been kept. */
  dismissRecovery(): void {
    this.#patch({ recovery: null });
  }

  #start(): () => void {
    this.#held = true;
    const { link } = this.#storywire;
    const mine = (handler: () => void) => (payload: { storyId: string }) => {
      if (payload.storyId === this.storyId) handler();
    };
    const stops = [
      link.on('edit:update', ({ storyId, u, seq }) => {
        if (storyId === this.storyId) this.#receive(bytes(u), seq);
      }),
      link.on('edit:awareness', ({ storyId, aw }) => {
        if (storyId === this.storyId) applyAwarenessUpdate(this.#now.awareness, bytes(aw), this);
      }),
      link.on('edit:role', (payload) => mine(() => this.#roleChanged(payload.role))(payload)),
      link.on('edit:reset', (payload) => mine(() => void this.#reset(payload.reason))(payload)),
      link.on('edit:closed', (payload) => mine(() => this.#closed(payload.reason))(payload)),
      link.onUp(() => void this.#synchronize('open')),
      link.onDown(() => this.#down()),
    ];
    void this.#load();
    return () => {
      this.#held = false;
      for (const stop of stops) stop();
      link.send('edit:close', { storyId: this.storyId });
      void this.#unload();
    };
  }

  get #now(): StoryDocState {
    return this.#state.get();
  }

  #patch(change: Partial<StoryDocState>): void {
    this.#state.update((state) => ({ ...state, ...change }));
  }

  /** Begins with a fresh replica, reads what is kept of it, and opens it. */
  async #load(): Promise<void> {
    const session = ++this.#session;
    const doc = new Y.Doc();
    const awareness = new Awareness(doc);
    doc.on('update', this.#written);
    awareness.on('update', this.#moved);
    this.#outbox.pause();
    this.#outbox.clear();
    this.#patch({ status: 'loading', doc, awareness, error: null });
    if (this.#persist) {
      this.#kept = this.#persist(`storywire:${this.storyId}`, doc);
      await this.#kept.whenSynced.catch(() => null); // without it everything works but offline
    }
    if (session !== this.#session) return;
    this.#dirty = doc.store.clients.size > 0; // perhaps written while offline
    this.#patch({ status: 'offline' });
    await this.#synchronize('open');
  }

  async #unload(): Promise<void> {
    this.#session += 1;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#outbox.pause();
    const { doc, awareness } = this.#now;
    doc.off('update', this.#written);
    awareness.off('update', this.#moved);
    awareness.destroy();
    const kept = this.#kept;
    this.#kept = null;
    await kept?.destroy().catch(() => null);
    doc.destroy();
  }

  #written = (update: Uint8Array, origin: unknown): void => {
    if (origin === this || (origin !== null && origin === this.#kept)) return;
    this.#outbox.add(update);
    if (this.#now.error !== null && mayWrite(this.#now.role)) this.#later(); // an undo may have cured it
  };

  #moved = (_changes: unknown, origin: unknown): void => {
    if (origin !== 'local') return;
    this.#after('awareness', AWARENESS_MS, () => {
      const { awareness, doc, status, role } = this.#now;
      if (status !== 'live' || role === 'viewer') return;
      const aw = encodeAwarenessUpdate(awareness, [doc.clientID]);
      this.#storywire.link.send('edit:awareness', { storyId: this.storyId, aw });
    });
  };

  #count(): void {
    const unsynced = this.#outbox.size + (this.#dirty ? 1 : 0);
    if (unsynced !== this.#now.unsynced) this.#patch({ unsynced });
  }

  #receive(update: Uint8Array, seq: number): void {
    if (this.#now.status === 'loading' || this.#now.status === 'refused') return;
    Y.applyUpdate(this.#now.doc, update, this);
    this.#saw(seq);
  }

  #saw(seq: number): void {
    this.#positions.saw(seq);
    if (!this.#positions.gap) return;
    this.#after('gap', GAP_MS, () => {
      if (this.#positions.gap && this.#now.status === 'live') void this.#synchronize('sync');
    });
  }

  /** Runs `then` once after `ms`; a second call meanwhile changes nothing. */
  #after(what: 'retry' | 'gap' | 'awareness', ms: number, then: () => void): void {
    if (this.#timers.has(what) || !this.#held) return;
    this.#timers.set(
      what,
      setTimeout(() => {
        this.#timers.delete(what);
        then();
      }, ms),
    );
  }

  /** Tries again after a while, and after twice the while if that fails. */
  #later(ms?: number): void {
    this.#dirty = true;
    this.#outbox.pause();
    this.#count();
    this.#after('retry', ms ?? this.#retry, () => void this.#synchronize('sync'));
    this.#retry = Math.min(2 * this.#retry, MAX_RETRY_MS);
  }

  /** One round: what we lack comes down, what the server lacks goes up. There is one at a time. */
  async #synchronize(how: 'open' | 'sync'): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    if (this.#now.status === 'loading' || !this.#held || !this.#storywire.link.connected) return;
    this.#busy = true;
    const session = this.#session;
    try {
      await this.#exchange(how === 'open' || this.#now.status !== 'live' ? 'open' : 'sync', session);
    } catch (thrown) {
      if (session === this.#session) this.#failed(asStorywireError(thrown));
    }
    this.#busy = false;
    if (this.#again || session !== this.#session) {
      this.#again = false;
      await this.#synchronize('open');
    }
  }

  async #exchange(how: 'open' | 'sync', session: number): Promise<void> {
    const { link } = this.#storywire;
    const { doc, awareness } = this.#now;
    const sv = Y.encodeStateVector(doc);
    this.#outbox.pause();
    if (how === 'open') this.#patch({ status: 'opening', error: null });
    const from = { storyId: this.storyId, sv };
    const opened =
      how === 'open' ? await link.ask('edit:open', { ...from, proto: PROTO, clientId: doc.clientID }) : null;
    const synced: EditSynced = opened ?? (await link.ask('edit:sync', from));
    const update = await this.#lacking(synced);
    if (session !== this.#session) return;
    Y.applyUpdate(doc, update, this);
    this.#positions.reset(synced.seq);
    if (opened) {
      applyAwarenessUpdate(awareness, bytes(opened.aw), this);
      this.#outbox.limit = { batches: opened.limits.unanswered, coalesceMs: opened.limits.coalesceMs };
      this.#patch({ peers: opened.peers, limits: opened.limits });
    }
    this.#patch({ status: 'live', role: synced.role, error: null });
    await this.#bring(bytes(synced.sv), synced.role, session);
    if (session !== this.#session) return;
    this.#retry = RETRY_MS;
    if (mayWrite(this.#now.role) && this.#now.error === null) this.#outbox.resume();
    this.#count();
    if (awareness.getLocalState() !== null) this.#moved(null, 'local');
  }

  /** What the answer says that we lack; the large come over HTTP. */
  async #lacking(synced: EditSynced): Promise<Uint8Array> {
    if (synced.u !== null) return bytes(synced.u);
    if (synced.url === undefined) throw new StorywireError('UNAVAILABLE', 'The document did not come.');
    const response = await this.#storywire.link.fetch(synced.url);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Sends what the server lacks, all that waits included. */
  async #bring(have: Uint8Array, role: Role, session: number): Promise<void> {
    const missing = Y.encodeStateAsUpdate(this.#now.doc, have);
    const waiting = this.#dirty || this.#outbox.size > 0;
    if (!waiting && missing[0] === 0) return; // no structs; deletes alone would be waiting
    if (!mayWrite(role)) {
      if (waiting && missing[0] !== 0) this.#refuseWriting();
      return;
    }
    this.#dirty = true; // before the outbox is empty: nobody may read that all is saved
    this.#outbox.clear();
    const seq = await this.#upload(missing);
    if (session !== this.#session) return;
    this.#dirty = false;
    this.#saw(seq);
    this.#count();
  }

  #refuseWriting(): void {
    this.#outbox.pause();
    this.#patch({ error: new StorywireError('FORBIDDEN', 'You may read this story, but not write in it.') });
  }

  async #upload(update: Uint8Array): Promise<number> {
    const { link } = this.#storywire;
    const most = this.#now.limits?.update ?? update.length;
    if (update.length <= most) {
      const n = this.#outbox.expect();
      try {
        return (await link.ask('edit:update', { storyId: this.storyId, u: update, n })).seq;
      } finally {
        this.#outbox.answered(n);
      }
    }
    const response = await link.fetch(`/v1/docs/${encodeURIComponent(this.storyId)}/updates`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: update as Uint8Array<ArrayBuffer>,
    });
    return (await response.json()).seq;
  }

  async #push(update: Uint8Array, n: number): Promise<void> {
    const session = this.#session;
    try {
      const { seq } = await this.#storywire.link.ask('edit:update', { storyId: this.storyId, u: update, n });
      if (session === this.#session && this.#outbox.answered(n)) this.#saw(seq);
    } catch (thrown) {
      if (session !== this.#session) return;
      this.#dirty = true;
      if (this.#outbox.answered(n)) this.#failed(asStorywireError(thrown));
    }
  }

  /** Decides what follows from a refusal. Nothing that was written here is ever dropped without a recovery file. */
  #failed(error: StorywireError): void {
    if (error.code === 'OFFLINE') {
      this.#dirty = true;
      return; // the next connection brings it
    }
    if (ASTRAY.includes(error.code as ErrorCode)) {
      void this.#reset(error.code as ErrorCode);
      return;
    }
    switch (error.code) {
      case 'GAP':
        this.#later(this.#retry - RETRY_MS); // at once, but not again and again
        return;
      case 'FORBIDDEN':
      case 'NOT_FOUND':
      case 'ROOM_FULL':
      case 'VALIDATION':
        if (this.#now.status === 'live' && error.code === 'FORBIDDEN') this.#refuseWriting();
        else this.#patch({ status: 'refused', error });
        return;
      case 'DOC_TOO_LARGE':
        this.#dirty = true;
        this.#outbox.pause();
        this.#patch({ error });
        return;
      case 'PAYLOAD_TOO_LARGE':
        this.#later(0); // the synchronization uploads it
        return;
      default:
        if (this.#now.status !== 'live') this.#patch({ status: 'offline', error });
        this.#later(error.retryAfterMs);
    }
  }

  #roleChanged(role: Role): void {
    const before = this.#now.role;
    this.#patch({ role });
    if (!mayWrite(role)) this.#refuseWriting();
    else if (!mayWrite(before)) void this.#synchronize('sync');
  }

  #closed(reason: string): void {
    if (reason === 'revoked') {
      this.#outbox.pause();
      this.#patch({
        status: 'refused',
        role: 'none',
        error: new StorywireError('FORBIDDEN', 'You may no longer read this story.'),
      });
      return;
    }
    if (reason !== 'unavailable') return;
    this.#patch({ status: 'offline' });
    this.#later();
  }

  #down(): void {
    this.#outbox.pause();
    if (this.#outbox.size > 0) this.#dirty = true;
    this.#outbox.clear();
    const { awareness, doc, status } = this.#now;
    const others = [...awareness.getStates().keys()].filter((client) => client !== doc.clientID);
    removeAwarenessStates(awareness, others, this);
    if (status === 'live' || status === 'opening') this.#patch({ status: 'offline' });
    this.#count();
  }

  /** Gives the replica up: what is written in it is kept as a file, and a fresh one takes its place. */
  async #reset(reason: ErrorCode): Promise<void> {
    if (this.#now.status === 'loading') return;
    const recovery =
      this.#now.unsynced > 0 ? recoveryFile(this.#now.doc, this.storyId, reason) : this.#now.recovery;
    const kept = this.#kept;
    this.#kept = null;
    this.#dirty = false;
    this.#patch({ status: 'loading', recovery });
    await kept?.clearData().catch(() => null);
    await this.#unload();
    if (this.#held) await this.#load();
  }
}

function defaultPersistence(): ((name: string, doc: Y.Doc) => Persistence) | null {
  if (typeof indexedDB === 'undefined') return null;
  return (name, doc) => new IndexeddbPersistence(name, doc);
}

/** What came over a socket as bytes. */
function bytes(data: Binary): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}
