import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { FakeTransport, ok } from '../../__tests__/fakeTransport.js';
import { createStorywire } from '../../storywire.js';
import type { Ack, EditLimits, EditOpened, EditPushed, ErrorCode } from '../../wire.js';
import { Positions } from '../positions.js';
import { type Persistence, StoryDoc, type StoryDocOptions } from '../storyDoc.js';

const limits: EditLimits = {
  update: 500,
  upload: 1 << 20,
  body: 1 << 16,
  passages: 5000,
  units: 1 << 22,
  state: 1 << 24,
  name: 200,
  tags: 32,
  tag: 64,
  vars: 500,
  openDocs: 8,
  awareness: 4096,
  unanswered: 2,
  coalesceMs: 50,
  awarenessSec: 30,
};

/** A server in memory: one document, one client. */
class Server {
  readonly doc = new Y.Doc();
  readonly transport = new FakeTransport();
  role: EditOpened['role'] = 'editor';
  seq = 1;
  /** What the next batches are refused with. */
  refusals: ErrorCode[] = [];
  uploads = 0;
  #held: (() => void)[] | null = null;

  constructor() {
    this.doc.getMap('story').set('title', 'The Lighthouse');
    const { transport } = this;
    transport.answer('edit:open', ({ sv }) =>
      ok({ ...this.synced(sv as Uint8Array), aw: new Uint8Array([0]), peers: [], limits }),
    );
    transport.answer('edit:sync', ({ sv }) => ok(this.synced(sv as Uint8Array)));
    transport.answer('edit:update', ({ u, n }) => this.#take(u as Uint8Array, n));
  }

  synced(sv: Uint8Array) {
    return {
      storyId: 's1',
      role: this.role,
      seq: this.seq,
      sv: Y.encodeStateVector(this.doc),
      u: Y.encodeStateAsUpdate(this.doc, sv),
    };
  }

  /** Lets answers wait until `release`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const go of this.#held ?? []) go();
    this.#held = null;
  }

  async #take(u: Uint8Array, n: number): Promise<Ack<EditPushed>> {
    const held = this.#held;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    const code = this.refusals.shift();
    if (code) return { ok: false, error: { code, message: code } };
    this.seq += 1;
    Y.applyUpdate(this.doc, u);
    return ok({ n, seq: this.seq });
  }

  /** Somebody else writes. */
  write(change: (doc: Y.Doc) => void, tell = true): void {
    const before = Y.encodeStateVector(this.doc);
    change(this.doc);
    this.seq += 1;
    const u = Y.encodeStateAsUpdate(this.doc, before);
    if (tell) this.transport.receive('edit:update', { storyId: 's1', u, seq: this.seq, from: 7 });
  }

  fetch: typeof fetch = async (input, init) => {
    if (init?.method === 'POST') {
      this.uploads += 1;
      this.seq += 1;
      Y.applyUpdate(this.doc, init.body as unknown as Uint8Array);
      return Response.json({ seq: this.seq });
    }
    expect(String(input)).toContain('/state');
    return new Response(Y.encodeStateAsUpdate(this.doc) as Uint8Array<ArrayBuffer>);
  };
}

let letGo: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  for (const go of letGo) go();
  letGo = [];
  vi.useRealTimers();
});

async function open(server = new Server(), options: StoryDocOptions = { persist: null }) {
  const storywire = createStorywire({
    createTransport: () => server.transport,
    fetch: server.fetch,
    token: 't',
  });
  storywire.connect();
  const story = new StoryDoc(storywire, 's1', options);
  letGo.push(story.hold());
  server.transport.up();
  await pass();
  return { server, story, state: story.state.get };
}

/** Lets time pass; what was due is done. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

const title = (doc: Y.Doc) => doc.getMap('story').get('title');
const lang = (doc: Y.Doc) => doc.getMap('story').get('lang');

test('positions know a hole from what came in another order', () => {
  const positions = new Positions();
  positions.reset(3);
  positions.saw(5);
  expect([positions.last, positions.gap]).toEqual([3, true]);
  positions.saw(4);
  positions.saw(2);
  expect([positions.last, positions.gap]).toEqual([5, false]);
});

test('opens, receives and sends', async () => {
  const { server, story, state } = await open();
  expect(state()).toMatchObject({ status: 'live', role: 'editor', unsynced: 0, error: null });
  expect(title(state().doc)).toBe('The Lighthouse');
  expect(server.transport.sentOf('edit:update')).toEqual([]);
  server.write((doc) => doc.getMap('story').set('title', 'Other'));
  expect(title(story.state.get().doc)).toBe('Other');
  state().doc.getMap('story').set('lang', 'd');
  state().doc.getMap('story').set('lang', 'de');
  expect(state().unsynced).toBe(1);
  await pass(60);
  expect(server.transport.sentOf('edit:update')).toHaveLength(1);
  expect([state().unsynced, lang(server.doc)]).toEqual([0, 'de']);
});

test('leaves only so many batches unanswered', async () => {
  const { server, state } = await open();
  server.hold();
  for (const value of ['a', 'b', 'c', 'd']) {
    state().doc.getMap('story').set('lang', value);
    await pass(60);
  }
  expect(server.transport.sentOf('edit:update')).toHaveLength(2);
  expect(state().unsynced).toBe(3);
  server.release();
  await pass(100);
  expect([server.transport.sentOf('edit:update').length, state().unsynced, lang(server.doc)]).toEqual([
    3,
    0,
    'd',
  ]);
});

test('writes offline and merges when it is back', async () => {
  const { server, state } = await open();
  server.transport.drop();
  expect(state().status).toBe('offline');
  state().doc.getMap('story').set('lang', 'de');
  await pass(1000);
  expect([state().unsynced, lang(server.doc)]).toEqual([1, undefined]);
  server.write((doc) => doc.getMap('story').set('title', 'Other'), false);
  server.transport.up();
  await pass();
  expect(state()).toMatchObject({ status: 'live', unsynced: 0 });
  expect([title(state().doc), lang(server.doc)]).toEqual(['Other', 'de']);
});

test('never says that all is saved while the server lacks something', async () => {
  const { server, story, state } = await open();
  server.transport.drop();
  state().doc.getMap('story').set('lang', 'de');
  const told: (string | number | undefined)[][] = [];
  letGo.push(story.state.subscribe(() => told.push([state().unsynced, lang(server.doc) as string])));
  server.transport.up();
  await pass(100);
  expect(told.filter(([unsynced, stored]) => unsynced === 0 && stored !== 'de')).toEqual([]);
  expect(told.at(-1)).toEqual([0, 'de']);
});

test('a batch whose answer was lost is brought again', async () => {
  const { server, state } = await open();
  server.hold();
  state().doc.getMap('story').set('lang', 'de');
  await pass(60);
  server.transport.drop();
  expect(state().unsynced).toBe(1);
  server.release();
  server.transport.up();
  await pass(100);
  expect([state().unsynced, state().status, lang(server.doc)]).toEqual([0, 'live', 'de']);
});

test('a hole that stays is filled', async () => {
  const { server, state } = await open();
  server.write((doc) => doc.getMap('story').set('title', 'missed'), false);
  server.write((doc) => doc.getMap('story').set('lang', 'de'));
  await pass(500);
  expect(server.transport.sentOf('edit:sync')).toHaveLength(0);
  await pass(1000);
  expect(server.transport.sentOf('edit:sync')).toHaveLength(1);
  expect(title(state().doc)).toBe('missed');
});

test.each(['GAP', 'UNAVAILABLE', 'RATE_LIMITED'] as const)('after %s everything is brought', async (code) => {
  const { server, state } = await open();
  server.refusals = [code];
  state().doc.getMap('story').set('lang', 'de');
  await pass(60);
  await pass(1100);
  expect([state().unsynced, state().status, lang(server.doc)]).toEqual([0, 'live', 'de']);
});

test('what is too large for a socket goes over HTTP', async () => {
  const { server, state } = await open();
  server.transport.drop();
  state().doc.getMap('story').set('title', 'x'.repeat(1000));
  server.transport.up();
  await pass(100);
  expect([server.uploads, state().unsynced, title(server.doc)]).toEqual([1, 0, 'x'.repeat(1000)]);
});

test('what is too large to come over a socket is fetched', async () => {
  const server = new Server();
  server.transport.answer('edit:open', () =>
    ok({
      ...server.synced(new Uint8Array([0])),
      u: null,
      url: '/v1/docs/s1/state?sv=AA',
      aw: new Uint8Array([0]),
      peers: [],
      limits,
    }),
  );
  const { state } = await open(server);
  expect([state().status, title(state().doc)]).toEqual(['live', 'The Lighthouse']);
});

test('a lowered role stops the writing and says why', async () => {
  const { server, state } = await open();
  server.role = 'viewer';
  server.transport.receive('edit:role', { storyId: 's1', role: 'viewer' });
  expect(state()).toMatchObject({ role: 'viewer', status: 'live', error: { code: 'FORBIDDEN' } });
  state().doc.getMap('story').set('lang', 'de');
  await pass(200);
  expect([server.transport.sentOf('edit:update').length, state().unsynced]).toEqual([0, 1]);
  server.role = 'editor';
  server.transport.receive('edit:role', { storyId: 's1', role: 'editor' });
  await pass(200);
  expect([state().unsynced, state().error, lang(server.doc)]).toEqual([0, null, 'de']);
  server.transport.receive('edit:closed', { storyId: 's1', reason: 'revoked' });
  expect(state()).toMatchObject({ status: 'refused', role: 'none', error: { code: 'FORBIDDEN' } });
});

test('a replica that went astray is given up, and its text kept', async () => {
  const { server, state } = await open();
  const before = state().doc;
  server.refusals = ['SCHEMA'];
  const passage = new Y.Map<unknown>();
  state().doc.getMap('passages').set('p', passage);
  passage.set('name', 'A [door]');
  passage.set('body', new Y.Text('Knock.'));
  await pass(100);
  expect(state().recovery).toEqual({
    reason: 'SCHEMA',
    name: 's1-recovered.twee',
    text: ':: StoryTitle\nThe Lighthouse\n\n:: A \\[door\\]\nKnock.\n',
  });
  expect(state()).toMatchObject({ status: 'live', unsynced: 0 });
  expect(state().doc).not.toBe(before);
  expect(state().doc.clientID).not.toBe(before.clientID);
  expect([title(state().doc), state().doc.getMap('passages').size]).toEqual(['The Lighthouse', 0]);
});

test('a document that is full keeps what does not fit until it does', async () => {
  const { server, state } = await open();
  server.refusals = ['DOC_TOO_LARGE'];
  state().doc.getMap('story').set('lang', 'de');
  await pass(100);
  expect(state()).toMatchObject({ unsynced: 1, status: 'live', error: { code: 'DOC_TOO_LARGE' } });
  state().doc.getMap('story').set('lang', 'en');
  await pass(3000);
  expect([state().unsynced, state().error, lang(server.doc)]).toEqual([0, null, 'en']);
});

test('what is kept in the browser is brought after a reload', async () => {
  const kept = new Y.Doc();
  kept.getMap('story').set('lang', 'de');
  const persist = (_name: string, doc: Y.Doc): Persistence => {
    const persistence: Persistence = {
      whenSynced: Promise.resolve().then(() => Y.applyUpdate(doc, Y.encodeStateAsUpdate(kept), persistence)),
      clearData: async () => {},
      destroy: async () => {},
    };
    return persistence;
  };
  const { server, state } = await open(new Server(), { persist });
  expect([state().status, state().unsynced, lang(server.doc), title(state().doc)]).toEqual([
    'live',
    0,
    'de',
    'The Lighthouse',
  ]);
});

test('cursors are gathered, and those of others go with the connection', async () => {
  const { server, state } = await open();
  const { awareness, doc } = state();
  awareness.setLocalStateField('passageId', 'p1');
  awareness.setLocalStateField('cursor', { anchor: 1, head: 1 });
  await pass(100);
  expect(server.transport.sentOf('edit:awareness')).toHaveLength(1);
  server.transport.receive('edit:awareness', {
    storyId: 's1',
    aw: new Uint8Array([1, 7, 1, 2, 123, 125]), // client 7 at clock 1: {}
  });
  expect([...awareness.getStates().keys()].sort()).toEqual([7, doc.clientID].sort());
  server.transport.drop();
  expect([...awareness.getStates().keys()]).toEqual([doc.clientID]);
});
