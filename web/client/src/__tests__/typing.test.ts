import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StoryRoom } from '../room.js';
import { Typing } from '../typing.js';
import { comment, connect, ezra, wren } from './fakeTransport.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function open() {
  const { connection, transport } = connect();
  transport.up();
  const typing = new Typing(connection, 's1', new StoryRoom(connection, 's1'));
  const stop = typing.writers.subscribe(() => undefined);
  const told = () =>
    transport.sentOf('comment:typing').map((payload) => (payload as { isTyping: boolean }).isTyping);
  const names = () => typing.writers.get().map(({ display_name }) => display_name);
  return { transport, typing, stop, told, names };
}

test('keystrokes are told at most once in 3 s, and rest after 4 s', () => {
  const { typing, told } = open();
  for (let i = 0; i < 10; i += 1) {
    typing.keystroke();
    vi.advanceTimersByTime(200);
  }
  expect(told()).toEqual([true]);
  vi.advanceTimersByTime(1_100);
  typing.keystroke();
  expect(told()).toEqual([true, true]);
  vi.advanceTimersByTime(4_000);
  expect(told()).toEqual([true, true, false]);
});

test('stop is told once, and only after a start', () => {
  const { typing, told } = open();
  typing.stop();
  typing.keystroke();
  typing.stop();
  typing.stop();
  expect(told()).toEqual([true, false]);
});

test('writers appear once and go on stop, on their comment, and with the connection', () => {
  const { transport, names } = open();
  const event = { storyId: 's1', userId: ezra.id, isTyping: true, user: ezra };
  transport.receive('comment:typing', event);
  transport.receive('comment:typing', event);
  transport.receive('comment:typing', { storyId: 's1', userId: wren.id, isTyping: true, user: wren });
  expect(names()).toEqual(['Ezra']);
  transport.receive('comment:typing', { ...event, isTyping: false });
  expect(names()).toEqual([]);
  transport.receive('comment:typing', event);
  transport.receive('comment:created', comment(1));
  expect(names()).toEqual([]);
  transport.receive('comment:typing', event);
  transport.drop();
  expect(names()).toEqual([]);
});

test('a lost stop does not leave somebody writing for ever', () => {
  const { transport, names } = open();
  transport.receive('comment:typing', { storyId: 's1', userId: ezra.id, isTyping: true, user: ezra });
  vi.advanceTimersByTime(60_000);
  expect(names()).toEqual([]);
});

test('leaving the page stops the typing', () => {
  const { typing, stop, told } = open();
  typing.keystroke();
  stop();
  expect(told()).toEqual([true, false]);
  expect(vi.getTimerCount()).toBe(0);
});
