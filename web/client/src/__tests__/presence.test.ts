import { expect, test } from 'vitest';
import { OnlineUsers, StoryActivity, StoryReaders } from '../presence.js';
import { StoryRoom } from '../room.js';
import type { PresenceUser, PresenceUsers, User } from '../wire.js';
import { connect, ezra, ok, settle, wren } from './fakeTransport.js';

const member = (user: User): PresenceUser => ({
  userId: user.id,
  user,
  since: '2026-01-01T00:00:00.000Z',
  status: 'online',
});

function snapshot(seq: number, members: User[]): PresenceUsers {
  return {
    users: members.map(({ id }) => id),
    storyId: 's1',
    members: members.map(member),
    count: members.length,
    seq,
  };
}

test('online follows the snapshot and the changes, of users and not of stories', () => {
  const { connection, transport } = connect();
  const { users } = new OnlineUsers(connection);
  transport.up();
  expect(transport.sentOf('presence:subscribe')).toEqual([undefined]);
  transport.receive('presence:users', { users: ['a', 'b'], count: 2, seq: 1 });
  transport.receive('presence:users', snapshot(1, [wren]));
  expect([...users.get()]).toEqual(['a', 'b']);
  const before = users.get();
  transport.receive('user:online', { userId: 'a', since: '' });
  expect(users.get()).toBe(before);
  transport.receive('user:offline', { userId: 'a', lastSeenAt: '' });
  transport.receive('user:online', { userId: 'c', since: '' });
  expect([...users.get()]).toEqual(['b', 'c']);
});

test('readers follow changes in their order; a gap asks for a new snapshot', async () => {
  const { connection, transport } = connect();
  const readers = new StoryReaders(connection, 's1');
  let current = snapshot(4, [wren]);
  transport.answer('presence:subscribe', () => ok(current));
  transport.up();
  const stop = readers.state.subscribe(() => undefined);
  await settle();
  const names = () => readers.state.get().members.map(({ user }) => user.display_name);
  expect(names()).toEqual(['Wren']);
  transport.receive('presence:diff', {
    storyId: 's1',
    joins: [member(ezra)],
    leaves: [],
    updates: [],
    count: 2,
    seq: 5,
  });
  transport.receive('presence:diff', { storyId: 's1', joins: [], leaves: [], updates: [], count: 9, seq: 5 });
  expect(names()).toEqual(['Wren', 'Ezra']);
  expect(readers.state.get().count).toBe(2);
  const away: PresenceUser = { ...member(wren), status: 'away' };
  transport.receive('presence:diff', {
    storyId: 's1',
    joins: [],
    leaves: [],
    updates: [away],
    count: 2,
    seq: 6,
  });
  expect(readers.state.get().members.map(({ status }) => status)).toEqual(['away', 'online']);
  current = snapshot(9, [ezra]);
  transport.receive('presence:diff', { storyId: 's1', joins: [], leaves: [], updates: [], count: 1, seq: 8 });
  await settle();
  expect(names()).toEqual(['Ezra']);
  expect(transport.sentOf('presence:subscribe')).toHaveLength(2);
  stop();
  expect(transport.sentOf('presence:unsubscribe')).toEqual([{ storyId: 's1' }]);
});

test('readers are asked for again after a new connection, whose numbers may start lower', async () => {
  const { connection, transport } = connect();
  const readers = new StoryReaders(connection, 's1');
  transport.answer('presence:subscribe', () => ok(snapshot(7, [wren, ezra])));
  transport.up();
  readers.state.subscribe(() => undefined);
  await settle();
  transport.drop();
  transport.answer('presence:subscribe', () => ok(snapshot(1, [wren])));
  transport.up();
  await settle();
  expect(readers.state.get().count).toBe(1);
});

test('what one does is said from the room, after every connection, and taken back', async () => {
  const { connection, transport } = connect();
  transport.up();
  const stop = new StoryActivity(connection, 's1', new StoryRoom(connection, 's1')).hold('playing');
  transport.drop();
  transport.up();
  stop();
  const playing = { activity: { kind: 'playing', storyId: 's1' } };
  expect(transport.sentOf('presence:update')).toEqual([playing, playing, { activity: { kind: 'reading' } }]);
  expect(transport.sentOf('story:join')).toHaveLength(2);
  expect(transport.sentOf('story:leave')).toEqual([{ storyId: 's1' }]);
});
