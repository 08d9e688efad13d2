import { expect, test } from 'vitest';
import { candidates, rolesOf, validFor } from '../authors';

const user = (id: string, display_name: string) => ({ id, display_name, avatar_url: null });
const known = [
  user('1', 'Ines Marlow'),
  user('2', 'Tomas Verrin'),
  user('1', 'Ines Marlow'),
  user('3', 'Ina'),
];

test.each([
  ['', ['1', '2', '3']],
  ['  ina ', ['3']],
  ['TOMAS', ['2']],
  ['2', ['2']],
  ['nobody', []],
])('who is meant by %j', (typed, ids) => {
  expect(candidates(known, new Set(), typed).map(({ id }) => id)).toEqual(ids);
});

test('nobody is offered who is there already', () => {
  expect(candidates(known, new Set(['1', '2']), '').map(({ id }) => id)).toEqual(['3']);
});

test('a public story has readers enough', () => {
  expect(rolesOf('public')).toEqual(['editor']);
  expect(rolesOf('private')).toEqual(['editor', 'commenter', 'viewer']);
});

test.each([
  [7 * 24 * 3600 - 1, 'valid for 6 days'],
  [48 * 3600, 'valid for 2 days'],
  [47 * 3600, 'valid for 47 hours'],
  [3600, 'valid for 1 hour'],
  [3599, 'valid for less than an hour'],
  [-1, 'valid for less than an hour'],
])('%d seconds before the end it %s', (seconds, words) => {
  const now = Date.UTC(2026, 0, 1);
  expect(validFor(new Date(now + seconds * 1000).toISOString(), now)).toBe(words);
});
