import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Connection } from '../connection.js';
import { StorywireError } from '../errors.js';
import { connect, FakeTransport, ok, settle } from './fakeTransport.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('says its five words on the way', () => {
  const transport = new FakeTransport();
  const connection = new Connection(
    () => transport,
    () => 't1',
  );
  const words = [connection.state.get().status];
  connection.state.subscribe(() => words.push(connection.state.get().status));
  connection.open();
  transport.up();
  transport.drop();
  transport.up();
  connection.close();
  expect(words).toEqual(['initial', 'connecting', 'connected', 'reconnecting', 'connected', 'disconnected']);
});

test('nothing opens before it is asked to', () => {
  const transport = new FakeTransport();
  new Connection(
    () => transport,
    () => 't1',
  );
  expect(transport.opened).toBe(0);
});

test('a refused token is final unless there is a new one', async () => {
  const { connection, transport } = connect();
  await settle();
  transport.refuse({ code: 'UNAUTHENTICATED' });
  await settle();
  expect(connection.state.get()).toEqual({ status: 'disconnected', refusal: 'UNAUTHENTICATED' });

  let token = 'old';
  const second = connect(() => token);
  await settle();
  token = 'new';
  second.transport.refuse({ code: 'TOKEN_EXPIRED' });
  await settle();
  expect(second.transport.opened).toBe(2);
  expect(second.connection.state.get().status).toBe('connecting');
});

test('waits as long as a busy server asks for', async () => {
  const { connection, transport } = connect();
  transport.refuse({ code: 'RATE_LIMITED', retryAfterMs: 700 });
  await vi.advanceTimersByTimeAsync(699);
  expect(transport.opened).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(transport.opened).toBe(2);
  expect(connection.state.get().status).toBe('connecting');
});

test('comes back after the server has closed the connection', async () => {
  const { connection, transport } = connect();
  transport.up();
  transport.receive('session:closing', { reason: 'drain' });
  transport.drop(false);
  expect(connection.state.get().status).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(transport.opened).toBe(2);
});

test('an answer is its data, a refusal a coded error', async () => {
  const { connection, transport } = connect();
  await expect(connection.ask('story:leave', { storyId: 's1' })).rejects.toMatchObject({ code: 'OFFLINE' });
  transport.up();
  transport.answer('story:leave', () => ok({ storyId: 's1', reason: 'left' }));
  await expect(connection.ask('story:leave', { storyId: 's1' })).resolves.toEqual({
    storyId: 's1',
    reason: 'left',
  });
  transport.answer('story:leave', () => ({ ok: false, error: { code: 'FORBIDDEN', message: 'No.' } }));
  await expect(connection.ask('story:leave', { storyId: 's1' })).rejects.toEqual(
    new StorywireError('FORBIDDEN', 'No.'),
  );
});

test('an expiring token is renewed without a new connection', async () => {
  let token = 'old';
  const { connection, transport } = connect(() => token);
  transport.up();
  transport.answer('auth:refresh', () => ok({ expiresAt: '2027-01-01T00:00:00.000Z' }));
  token = 'new';
  transport.receive('auth:expiring', { expiresAt: '2026-01-02T00:00:00.000Z' });
  await settle();
  expect(transport.sentOf('auth:refresh')).toEqual([{ token: 'new' }]);
  expect(connection.session.get()?.tokenExpiresAt).toBe('2027-01-01T00:00:00.000Z');
});
