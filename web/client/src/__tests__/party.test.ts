import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createParties } from '../parties.js';
import type { PlayChat, PlaySynced, PlayView } from '../wire.js';
import { event, playing, round, state, view } from './fakeParty.js';
import { connect, ezra, ok, settle, wren } from './fakeTransport.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A party that stands at number 10 when Wren opens it. */
async function open(start: PlayView = playing(), said: PlayChat[] = []) {
  const { connection, transport } = connect();
  const get = async <T>() => ({ items: said, nextCursor: null }) as T;
  const parties = createParties(connection, get);
  const party = parties.party('g1');
  transport.answer('play:join', () => ok(state(10, start)));
  const synced: PlaySynced = { events: [], state: null };
  transport.answer('play:sync', () => ok(synced));
  transport.up();
  const stop = party.state.subscribe(() => undefined);
  await settle();
  return { connection, transport, parties, party, synced, stop, now: () => party.state.get() };
}

const done = (seq: number) => ok({ sessionId: 'g1', seq, round: 1 });

test('opening joins, and events follow one another', async () => {
  const { transport, now } = await open();
  expect(now()).toMatchObject({ status: 'ready', view: { title: 'The Well' } });
  transport.receive('play:event', event(11, 'paused', { reason: 'host' }));
  transport.receive('play:event', event(11, 'resumed'));
  transport.receive('play:event', event(12, 'ended', { reason: 'host' }, { sessionId: 'other' }));
  expect(now().view?.status).toBe('paused');
  transport.receive('play:event', event(12, 'hidden'));
  transport.receive('play:event', event(13, 'resumed'));
  expect(now().view?.status).toBe('playing');
  expect(transport.sentOf('play:sync')).toEqual([]);
});

test('a hole in the numbers is asked for', async () => {
  const { transport, synced, now } = await open();
  synced.events = [event(11, 'paused', { reason: 'host' }), event(12, 'resumed')];
  transport.receive('play:event', event(12, 'resumed'));
  await settle();
  expect(transport.sentOf('play:sync')).toEqual([{ sessionId: 'g1', sinceSeq: 10 }]);
  expect(now().view?.status).toBe('playing');
  transport.receive('play:event', event(13, 'ended', { reason: 'story' }));
  expect(now().view?.status).toBe('ended');
});

test('what happens while the party is asked for is not lost', async () => {
  const { transport, now } = await open();
  let give: (answer: PlaySynced) => void = () => undefined;
  transport.answer('play:sync', () => new Promise((resolve) => (give = (answer) => resolve(ok(answer)))));
  transport.receive('play:gap', { sessionId: 'g1' });
  transport.receive('play:event', event(14, 'ended', { reason: 'story' }));
  give({ events: [event(11, 'hidden')], state: null });
  await settle();
  give({ events: [], state: state(14, playing({ status: 'ended' })) });
  await settle();
  expect(transport.sentOf('play:sync')).toEqual([
    { sessionId: 'g1', sinceSeq: 10 },
    { sessionId: 'g1', sinceSeq: 11 },
  ]);
  expect(now().view?.status).toBe('ended');
});

test('where an event does not say enough the whole state is asked for', async () => {
  const { transport, synced, now } = await open(view({ roles: ['thief'] }));
  synced.state = state(11, playing({ roles: ['thief'] }));
  transport.receive('play:event', event(11, 'started'));
  await settle();
  expect(transport.sentOf('play:sync')).toEqual([{ sessionId: 'g1', sinceSeq: 0 }]);
  expect(now().view?.status).toBe('playing');
});

test('every connection asks for what was missed', async () => {
  const { transport, synced, now } = await open();
  transport.drop();
  synced.state = state(20, playing({ round: round(3) }));
  transport.up();
  await settle();
  expect(now().view?.round?.round).toBe(3);
});

test('a choice stands there at once and is confirmed by the answer', async () => {
  const { transport, party, now } = await open();
  transport.answer('play:choose', () => done(11));
  const chosen = party.choose('left');
  expect(now().pending).toBe('left');
  await chosen;
  expect(now()).toMatchObject({ pending: null, view: { me: { vote: 'left' } } });
  expect(transport.sentOf('play:choose')).toMatchObject([{ sessionId: 'g1', round: 1, option: 'left' }]);
});

test('a choice whose answer was lost is sent again under the same nonce', async () => {
  const { transport, party } = await open();
  let asked = 0;
  transport.answer('play:choose', () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error('timeout')) : done(11);
  });
  const chosen = party.choose('left');
  await vi.advanceTimersByTimeAsync(500);
  await chosen;
  const sent = transport.sentOf('play:choose');
  expect(sent).toHaveLength(2);
  expect(sent[0]).toEqual(sent[1]);
});

test('a choice made offline is sent with the connection, unless the story has moved on', async () => {
  const { transport, party, synced, now } = await open();
  transport.answer('play:choose', () => done(11));
  transport.drop();
  void party.choose('left');
  await settle();
  expect(transport.sentOf('play:choose')).toEqual([]);
  transport.up();
  await settle();
  expect(transport.sentOf('play:choose')).toHaveLength(1);
  transport.drop();
  void party.choose('right');
  synced.state = state(20, playing({ round: round(2) }));
  transport.answer('play:choose', () => ({
    ok: false,
    error: { code: 'STALE_ROUND', message: 'Too late.' },
  }));
  transport.up();
  await settle();
  expect(now()).toMatchObject({ pending: null, view: { round: { round: 2 }, me: { vote: null } } });
});

test('a refused choice is taken back and says why', async () => {
  const { transport, party, now } = await open();
  transport.answer('play:choose', () => ({
    ok: false,
    error: { code: 'NOT_ELIGIBLE', message: 'Not yours.' },
  }));
  await expect(party.choose('left')).rejects.toMatchObject({ code: 'NOT_ELIGIBLE' });
  expect(now().pending).toBeNull();
});

test('time runs on a clock that nobody sets', async () => {
  const { transport, now } = await open(
    playing({ round: round(1, { deadlineInMs: 4_000, timerMs: 10_000 }) }),
  );
  expect(now().deadline).toMatchObject({ wholeMs: 10_000 });
  const at = now().deadline?.at ?? 0;
  vi.advanceTimersByTime(1_000);
  transport.receive('play:event', event(11, 'voted', { userId: ezra.id }));
  expect(now().deadline?.at).toBe(at);
  transport.receive('play:event', event(12, 'revote', { tied: ['left', 'right'], deadlineInMs: 5_000 }));
  expect(now().deadline).toEqual({ at: performance.now() + 5_000, wholeMs: 5_000 });
  transport.receive('play:event', event(13, 'resolved', { option: 'left', label: 'Go left', how: 'most' }));
  expect(now().deadline).toBeNull();
  expect(now().decision).toEqual({ round: 1, option: 'left', label: 'Go left', how: 'most' });
});

test('a full party says so, and lets one watch', async () => {
  const { connection, transport } = connect();
  const party = createParties(connection, async <T>() => ({ items: [] }) as T).party('g1');
  transport.answer('play:join', ({ as }) =>
    as === 'spectator' ? ok(state(3)) : { ok: false, error: { code: 'FULL', message: 'Full.' } },
  );
  transport.up();
  party.state.subscribe(() => undefined);
  await settle();
  expect(party.state.get()).toMatchObject({ status: 'refused', error: { code: 'FULL' } });
  party.enter('spectator');
  await settle();
  expect(party.state.get()).toMatchObject({ status: 'ready', error: null });
});

test('a busy server is asked again', async () => {
  const { connection, transport } = connect();
  const party = createParties(connection, async <T>() => ({ items: [] }) as T).party('g1');
  transport.answer('play:join', () => ({
    ok: false,
    error: { code: 'RATE_LIMITED', message: 'Slowly.', retryAfterMs: 300 },
  }));
  transport.up();
  const stop = party.state.subscribe(() => undefined);
  await settle();
  expect(party.state.get().status).toBe('opening');
  transport.answer('play:join', () => ok(state(1)));
  await vi.advanceTimersByTimeAsync(300);
  expect(party.state.get().status).toBe('ready');
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('a code leads to its party, which then is open already', async () => {
  const { transport, parties } = await open();
  transport.answer('play:join', () => ok(state(5, view({ sessionId: 'g2' }))));
  await expect(parties.join('abc234', 'player')).resolves.toBe('g2');
  expect(transport.sentOf('play:join').at(-1)).toMatchObject({ code: 'abc234', as: 'player' });
  const party = parties.party('g2');
  expect(party.state.get().status).toBe('ready');
  party.state.subscribe(() => undefined);
  await settle();
  expect(transport.sentOf('play:sync')).toEqual([{ sessionId: 'g2', sinceSeq: 5 }]);
});

test('what is said stands there at once and once', async () => {
  const before: PlayChat = {
    sessionId: 'g1',
    id: 1,
    user: ezra,
    text: 'Hello',
    at: '2026-01-01T00:00:00.000Z',
  };
  const { transport, party } = await open(playing(), [before]);
  party.chat.state.subscribe(() => undefined);
  await settle();
  transport.answer('play:chat', async ({ text, cmdId }) => {
    await Promise.resolve();
    const said = { ...before, id: 2, user: wren, text, cmdId };
    transport.receive('play:chat', said);
    return ok(said);
  });
  party.chat.say('Left, I think.');
  expect(party.chat.state.get().rows.map(({ text, status }) => [text, status])).toEqual([
    ['Hello', 'sent'],
    ['Left, I think.', 'sending'],
  ]);
  await settle();
  expect(party.chat.state.get().rows.map(({ text, status }) => [text, status])).toEqual([
    ['Hello', 'sent'],
    ['Left, I think.', 'sent'],
  ]);
});

test('words that are refused fail, and can be tried again', async () => {
  const { transport, party } = await open();
  party.chat.state.subscribe(() => undefined);
  transport.answer('play:chat', () => ({ ok: false, error: { code: 'VALIDATION', message: 'Too long.' } }));
  party.chat.say('Long words');
  await settle();
  const [row] = party.chat.state.get().rows;
  expect(row).toMatchObject({ status: 'failed', error: { message: 'Too long.' } });
  transport.answer('play:chat', ({ text, cmdId }) =>
    ok({ sessionId: 'g1', id: 7, user: wren, text, at: '2026-01-01T00:00:00.000Z', cmdId }),
  );
  party.chat.retry(row?.key ?? '');
  await settle();
  expect(party.chat.state.get().rows).toMatchObject([{ key: row?.key, status: 'sent' }]);
});

test('who writes shows, until they said it', async () => {
  const { transport, party } = await open();
  const stop = party.chat.writers.subscribe(() => undefined);
  const names = () => party.chat.writers.get().map(({ display_name }) => display_name);
  transport.receive('play:typing', { sessionId: 'g1', user: ezra, isTyping: true, expiresInMs: 8_000 });
  transport.receive('play:typing', { sessionId: 'g1', user: wren, isTyping: true, expiresInMs: 8_000 });
  expect(names()).toEqual(['Ezra']);
  transport.receive('play:chat', { sessionId: 'g1', id: 1, user: ezra, text: 'So.', at: '' });
  expect(names()).toEqual([]);
  party.chat.keystroke();
  stop();
  expect(transport.sentOf('play:typing').map((said) => (said as { isTyping: boolean }).isTyping)).toEqual([
    true,
    false,
  ]);
});

test('how many watch follows what is told of it', async () => {
  const { transport, now } = await open();
  transport.receive('play:presence', { sessionId: 'other', watching: 5 });
  expect(now().view?.watching).toBe(0);
  transport.receive('play:presence', { sessionId: 'g1', watching: 2 });
  expect(now().view?.watching).toBe(2);
});

test('the party rests with the last listener, and the server is told', async () => {
  const { transport, stop, now } = await open();
  expect(transport.sentOf('play:close')).toEqual([]);
  stop();
  expect(transport.sentOf('play:close')).toEqual([{ sessionId: 'g1' }]);
  transport.receive('play:event', event(11, 'ended', { reason: 'story' }));
  expect(now().view?.status).toBe('playing');
  expect(vi.getTimerCount()).toBe(0);
});

test('a party that is closed and opened at once is asked for again', async () => {
  const { transport, party, stop } = await open();
  let give: (answer: PlaySynced) => void = () => undefined;
  transport.answer('play:sync', () => new Promise((resolve) => (give = (answer) => resolve(ok(answer)))));
  transport.receive('play:gap', { sessionId: 'g1' });
  stop();
  const again = party.state.subscribe(() => undefined);
  give({ events: [], state: null });
  await settle();
  expect(transport.sent.map(({ event }) => event).slice(-3)).toEqual([
    'play:sync',
    'play:close',
    'play:sync',
  ]);
  again();
});
