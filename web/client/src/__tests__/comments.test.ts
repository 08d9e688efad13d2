import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Comments } from '../comments.js';
import { StoryRoom } from '../room.js';
import type { Comment } from '../wire.js';
import { comment, connect, ok, settle, wren } from './fakeTransport.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const joined = { storyId: 's1', role: 'commenter', epoch: 'e1', seq: 0, online: 1, typing: [] } as const;

/** A story whose stored comments are `stored`, newest first in pages of `size`. */
async function open(stored: Comment[] = [], size = 50) {
  const { connection, transport } = connect();
  const comments = new Comments(connection, 's1', new StoryRoom(connection, 's1'));
  transport.answer('story:join', () => ok({ ...joined, typing: [] }));
  transport.answer('comment:list', ({ cursor }) => {
    const newest = [...stored].sort((a, b) => b.seq - a.seq);
    const from = Number(cursor ?? 0);
    const more = from + size < newest.length;
    const nextCursor = more ? String(from + size) : null;
    return ok({ items: newest.slice(from, from + size), nextCursor, epoch: 'e1', seq: newest[0]?.seq ?? 0 });
  });
  transport.up();
  const stop = comments.state.subscribe(() => undefined);
  await settle();
  const texts = () => comments.state.get().rows.map(({ content }) => content);
  return { connection, transport, comments, stored, stop, texts };
}

test('history and live comments make one list, each once, in their order', async () => {
  const { transport, comments, texts } = await open([comment(2), comment(1)]);
  expect(comments.state.get().status).toBe('ready');
  transport.receive('comment:created', comment(4));
  transport.receive('comment:created', comment(3));
  transport.receive('comment:created', comment(3));
  transport.receive('comment:created', comment(9, { id: 'x', storyId: 'other' }));
  expect(texts()).toEqual(['Comment 1', 'Comment 2', 'Comment 3', 'Comment 4']);
});

test('a comment stands there at once and becomes the stored one in place', async () => {
  const { transport, comments } = await open([comment(1)]);
  let give: (answer: Comment) => void = () => undefined;
  transport.answer('comment:new', () => new Promise((resolve) => (give = (stored) => resolve(ok(stored)))));
  const cid = comments.send('Hello');
  const before = comments.state.get().rows[1];
  expect(before).toMatchObject({ status: 'sending', content: 'Hello', user: wren, id: null });
  // The news of it may come before the answer.
  const stored = comment(2, { content: 'Hello', user: wren, cid });
  transport.receive('comment:created', stored);
  give(stored);
  await settle();
  const { rows } = comments.state.get();
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatchObject({ key: before?.key, status: 'sent', id: 'c2' });
});

test('what is written offline is sent once when the connection is back', async () => {
  const { transport, comments, texts } = await open();
  transport.drop();
  const cid = comments.send('From the tunnel');
  await settle();
  expect(transport.sentOf('comment:new')).toEqual([]);
  transport.answer('comment:new', ({ content }) => ok(comment(1, { content, user: wren, cid })));
  transport.up();
  await settle();
  expect(transport.sentOf('comment:new')).toEqual([{ storyId: 's1', content: 'From the tunnel', cid }]);
  expect(texts()).toEqual(['From the tunnel']);
  expect(comments.state.get().rows[0]?.status).toBe('sent');
});

test('a comment whose answer was lost is sent again under the same cid', async () => {
  const { transport, comments } = await open();
  const cid = comments.send('Once');
  await settle();
  transport.drop();
  await settle();
  expect(comments.state.get().rows[0]?.status).toBe('sending');
  transport.answer('comment:new', () => ok(comment(1, { content: 'Once', user: wren, cid })));
  transport.up();
  await settle();
  const asked = transport.sentOf('comment:new');
  expect(asked).toHaveLength(2);
  expect(asked[0]).toEqual(asked[1]);
  expect(comments.state.get().rows).toHaveLength(1);
});

test('a refused comment fails, can be tried again or discarded', async () => {
  const { transport, comments } = await open();
  transport.answer('comment:new', () => ({ ok: false, error: { code: 'FORBIDDEN', message: 'Not here.' } }));
  const first = comments.send('One');
  const second = comments.send('Two');
  await settle();
  expect(comments.state.get().rows.map(({ status }) => status)).toEqual(['failed', 'failed']);
  expect(comments.state.get().rows[0]?.error?.message).toBe('Not here.');
  comments.discard(second);
  transport.answer('comment:new', () => ok(comment(1, { content: 'One', user: wren, cid: first })));
  comments.retry(first);
  await settle();
  expect(comments.state.get().rows).toMatchObject([{ content: 'One', status: 'sent' }]);
});

test('too fast is waited out, in the order written', async () => {
  const { transport, comments } = await open();
  let refused = 0;
  let seq = 0;
  transport.answer('comment:new', ({ content, cid }) => {
    if (refused < 1) {
      refused += 1;
      return { ok: false, error: { code: 'RATE_LIMITED', message: 'Slowly.', retryAfterMs: 400 } };
    }
    seq += 1;
    return ok(comment(seq, { content, user: wren, ...(cid ? { cid } : {}) }));
  });
  comments.send('First');
  comments.send('Second');
  await vi.advanceTimersByTimeAsync(400);
  expect(comments.state.get().rows.map(({ content, status }) => `${content} ${status}`)).toEqual([
    'First sent',
    'Second sent',
  ]);
});

test('after a gap the list closes it, and starts anew when it is too wide', async () => {
  const { transport, stored, texts, comments } = await open([comment(1)], 2);
  transport.drop();
  for (let seq = 2; seq <= 6; seq += 1) stored.push(comment(seq));
  transport.up();
  await settle();
  expect(texts()).toEqual([1, 2, 3, 4, 5, 6].map((seq) => `Comment ${seq}`));
  transport.drop();
  for (let seq = 7; seq <= 30; seq += 1) stored.push(comment(seq));
  transport.up();
  await settle();
  expect(texts()[0]).toBe('Comment 23');
  expect(comments.state.get().hasEarlier).toBe(true);
});

test('a recovered connection asks for nothing again', async () => {
  const { transport } = await open([comment(1)]);
  transport.drop();
  transport.up(wren, ['s1']);
  await settle();
  expect(transport.sentOf('story:join')).toHaveLength(1);
  expect(transport.sentOf('comment:list')).toHaveLength(1);
});

test('a recovered connection that is not in the story joins it', async () => {
  const { transport } = await open([comment(1)]);
  transport.drop();
  transport.up(wren, []);
  await settle();
  expect(transport.sentOf('story:join')).toHaveLength(2);
});

test('a gap that the server names is closed', async () => {
  const { transport, stored, texts } = await open([comment(1)]);
  transport.drop();
  stored.push(comment(2));
  transport.up(wren, ['s1']);
  transport.receive('sync:gap', { room: 'story:s1', epoch: 'e1', from: 1, to: 2, reason: 'overflow' });
  transport.receive('sync:gap', { room: 'story:s2', epoch: 'e1', from: 1, to: 2, reason: 'overflow' });
  await settle();
  expect(texts()).toEqual(['Comment 1', 'Comment 2']);
  expect(transport.sentOf('comment:list')).toHaveLength(2);
});

test('a story that was let go of without a connection is left with the next', () => {
  const { connection, transport } = connect();
  const room = new StoryRoom(connection, 's1');
  transport.up();
  const release = room.hold();
  transport.drop();
  release();
  const before = transport.sentOf('story:leave').length;
  transport.up(wren, ['s1']);
  expect(transport.sentOf('story:leave')).toHaveLength(before + 1);
});

test('earlier comments come before the others', async () => {
  const { comments, texts } = await open(
    [1, 2, 3, 4, 5].map((seq) => comment(seq)),
    2,
  );
  expect(texts()).toEqual(['Comment 4', 'Comment 5']);
  await comments.loadEarlier();
  expect(texts()).toEqual(['Comment 2', 'Comment 3', 'Comment 4', 'Comment 5']);
  await comments.loadEarlier();
  expect(comments.state.get().hasEarlier).toBe(false);
});

test('a comment of another epoch means another database: the list is fetched anew', async () => {
  const { transport, stored, texts } = await open([comment(1), comment(2)]);
  stored.length = 0;
  stored.push(comment(1, { id: 'n1', epoch: 'e2', content: 'A new world' }));
  transport.receive('comment:created', comment(1, { id: 'n1', epoch: 'e2', content: 'A new world' }));
  await settle();
  expect(texts()).toEqual(['A new world']);
});

test('a story one may not read says so', async () => {
  const { connection, transport } = connect();
  const comments = new Comments(connection, 's1', new StoryRoom(connection, 's1'));
  transport.answer('story:join', () => ({ ok: false, error: { code: 'FORBIDDEN', message: 'Closed.' } }));
  transport.up();
  comments.state.subscribe(() => undefined);
  await settle();
  expect(comments.state.get()).toMatchObject({ status: 'error', error: { code: 'FORBIDDEN' } });
});

test('the room is left with the last listener', async () => {
  const { transport, stop } = await open();
  stop();
  expect(transport.sentOf('story:leave')).toEqual([{ storyId: 's1' }]);
});
