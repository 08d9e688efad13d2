import type { CommentRow } from '@storywire/client';
import { afterEach, expect, test, vi } from 'vitest';
import { typingWords } from '@/components/TypingLine';
import { luminance, mix, safeColor } from '../color';
import { placeOf } from '../place';
import { routeOf, storyPath } from '../route';
import { seeded } from '../seed';
import { threadsOf } from '../threads';
import { ago, dayOf } from '../time';

afterEach(() => vi.unstubAllGlobals());

test.each([
  ['/', { page: 'home' }],
  ['/index.html', { page: 'missing' }],
  ['/inbox', { page: 'inbox' }],
  ['/inbox/', { page: 'inbox' }],
  ['/story', { page: 'story', id: '' }],
  ['/story/a%20b', { page: 'story', id: 'a b' }],
  ['/story/%', { page: 'story', id: '%' }],
  ['/edit/a', { page: 'edit', id: 'a' }],
  ['/invite/ABC', { page: 'invite', code: 'ABC' }],
  ['/story/a/b', { page: 'missing' }],
  ['/nowhere', { page: 'missing' }],
])('the path %s', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test('a story finds its way back from its path', () => {
  expect(routeOf(storyPath('ä/b?c'))).toEqual({ page: 'story', id: 'ä/b?c' });
});

test.each([
  ['/story/s1#comment-c1', '/story/s1#comment-c1'],
  ['https://here.example/inbox', '/inbox'],
  ['//elsewhere.example/', null],
  ['https://elsewhere.example/', null],
  ['javascript:alert(1)', null],
  [null, null],
])('a notification leading to %s', (link, place) => {
  vi.stubGlobal('window', { location: { origin: 'https://here.example' } });
  expect(placeOf(link)).toBe(place);
});

test('only colours are colours', () => {
  expect(safeColor('#AB12cd', '#000000')).toBe('#ab12cd');
  expect(safeColor('red;} body{', '#000000')).toBe('#000000');
  expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080');
  expect(luminance('#ffffff')).toBeCloseTo(1);
});

test('the same seed draws the same', () => {
  const draw = (seed: string) => Array.from({ length: 4 }, seeded(seed));
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
});

test('replies stand below their comment, and by themselves without it', () => {
  const row = (id: string, parentId: string | null = null) => ({ key: id, id, parentId }) as CommentRow;
  const threads = threadsOf([row('a'), row('b'), row('c', 'a'), row('d', 'gone')]);
  expect(threads.map(({ root, replies }) => [root.id, replies.map(({ id }) => id)])).toEqual([
    ['a', ['c']],
    ['b', []],
    ['d', []],
  ]);
});

test('who is writing, in words', () => {
  const words = (...names: string[]) =>
    typingWords(names.map((name) => ({ id: name, display_name: name, avatar_url: null })));
  expect(words()).toBe('');
  expect(words('Wren')).toBe('Wren is writing...');
  expect(words('Wren', 'Ezra')).toBe('Wren and Ezra are writing...');
  expect(words('Wren', 'Ezra', 'Mira', 'Otto')).toBe('Wren, Ezra and 2 more are writing...');
});

test('time in few letters', () => {
  const now = new Date(2026, 5, 10, 12, 0).getTime();
  const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  expect(ago(before(0.5), now)).toBe('now');
  expect(ago(before(5), now)).toBe('5 min');
  expect(ago(before(125), now)).toBe('2 h');
  expect(dayOf(before(60), now)).toBe('Today');
  expect(dayOf(before(14 * 60), now)).toBe('Yesterday');
});
