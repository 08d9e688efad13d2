import { expect, test, vi } from 'vitest';
import { shared, Value } from '../store.js';

test('a listener hears of changes until it unsubscribes', () => {
  const value = new Value(1);
  const listener = vi.fn();
  const stop = value.subscribe(listener);
  value.set(2);
  value.set(2);
  stop();
  value.set(3);
  expect(listener).toHaveBeenCalledTimes(1);
  expect(value.get()).toBe(3);
});

test('a store starts with its first listener and stops with its last', () => {
  const stop = vi.fn();
  const start = vi.fn(() => stop);
  const value = new Value(0, start);
  const listener = () => undefined;
  const first = value.subscribe(listener);
  const second = value.subscribe(listener);
  expect(start).toHaveBeenCalledTimes(1);
  first();
  first();
  expect(stop).not.toHaveBeenCalled();
  second();
  expect(stop).toHaveBeenCalledTimes(1);
});

test('a shared resource is released by its last holder, whoever lets go twice', () => {
  const release = vi.fn();
  const hold = shared(() => release);
  const first = hold();
  const second = hold();
  first();
  first();
  expect(release).not.toHaveBeenCalled();
  second();
  expect(release).toHaveBeenCalledTimes(1);
});
