import { expect, test, vi } from 'vitest';
import { newNonce } from '../nonce.js';

test('nonces differ, rise with time and fit the limit of 64', () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  const [first, second] = [newNonce(), newNonce()];
  vi.setSystemTime(1_800_000_000_001);
  const later = newNonce();
  vi.useRealTimers();
  expect(first).not.toBe(second);
  expect(first).toMatch(/^[0-9a-z]{8,64}$/);
  expect(later > first && later > second).toBe(true);
});

test('a page that came over plain http can make them', () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(newNonce()).not.toBe('');
  vi.unstubAllGlobals();
});
