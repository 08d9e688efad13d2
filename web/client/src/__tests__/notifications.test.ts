import { expect, test, vi } from 'vitest';
import { Notifications } from '../notifications.js';
import type { Notification } from '../wire.js';
import { connect, ezra, ok, settle } from './fakeTransport.js';

function notification(id: string, more: Partial<Notification> = {}): Notification {
  return {
    id,
    user_id: 'u-wren',
    userId: 'u-wren',
    type: 'comment.reply',
    title: 'Ezra replied to you',
    body: 'Indeed.',
    link: '/story/s1',
    actor: ezra,
    data: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    readAt: null,
    ...more,
  };
}

async function open(items: Notification[]) {
  const { connection, transport } = connect();
  const notifications = new Notifications(connection);
  const unread = items.filter(({ readAt }) => readAt === null).length;
  transport.answer('notification:list', () => ok({ items, nextCursor: null, counts: { unread, rev: 1 } }));
  transport.up();
  const stop = notifications.inbox.subscribe(() => undefined);
  await settle();
  return { transport, notifications, stop };
}

test('an arrival counts, comes first, and is told once', async () => {
  const { transport, notifications } = await open([notification('n1')]);
  const told = vi.fn();
  notifications.onArrival(told);
  const news = { ...notification('n2'), counts: { unread: 2, rev: 2 } };
  transport.receive('notification:new', news);
  transport.receive('notification:new', news);
  expect(told).toHaveBeenCalledTimes(1);
  expect(notifications.unread.get()).toBe(2);
  expect(notifications.inbox.get().items.map(({ id }) => id)).toEqual(['n2', 'n1']);
});

test('a recovered connection reads the inbox again only if the server names a gap', async () => {
  const { transport } = await open([notification('n1')]);
  transport.drop();
  transport.up(undefined, []);
  await settle();
  expect(transport.sentOf('notification:list')).toHaveLength(1);
  transport.receive('sync:gap', { room: 'user:me', epoch: 'e1', from: 1, to: 2, reason: 'overflow' });
  await settle();
  expect(transport.sentOf('notification:list')).toHaveLength(2);
  transport.drop();
  transport.up();
  await settle();
  expect(transport.sentOf('notification:list')).toHaveLength(3);
});

test('the highest revision of the count wins', async () => {
  const { transport, notifications } = await open([]);
  transport.receive('notification:updated', {
    all: true,
    patch: { readAt: 'x' },
    counts: { unread: 5, rev: 9 },
  });
  transport.receive('notification:updated', {
    all: true,
    patch: { readAt: 'x' },
    counts: { unread: 7, rev: 8 },
  });
  expect(notifications.unread.get()).toBe(5);
});

test('reading is shown at once, and taken back when it was refused', async () => {
  const { transport, notifications } = await open([notification('n1'), notification('n2')]);
  transport.answer('notification:read', () => ok({ changed: ['n1'], counts: { unread: 1, rev: 2 } }));
  const done = notifications.markRead(['n1']);
  expect(notifications.inbox.get().items[0]?.readAt).not.toBeNull();
  await done;
  expect(notifications.unread.get()).toBe(1);
  transport.answer('notification:read', () => ({
    ok: false,
    error: { code: 'UNAVAILABLE', message: 'Later.' },
  }));
  await notifications.markAllRead();
  expect(notifications.inbox.get().items[1]?.readAt).toBeNull();
  expect(notifications.inbox.get().error?.code).toBe('UNAVAILABLE');
});

test('what another tab has read is read here', async () => {
  const { transport, notifications } = await open([notification('n1'), notification('n2')]);
  const patch = { readAt: '2026-01-03T00:00:00.000Z' };
  transport.receive('notification:updated', { ids: ['n2'], patch, counts: { unread: 1, rev: 3 } });
  expect(notifications.inbox.get().items.map(({ readAt }) => readAt)).toEqual([null, patch.readAt]);
});
