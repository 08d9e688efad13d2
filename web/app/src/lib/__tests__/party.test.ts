import type { PlayMap, PlayStep, PlayView } from '@storywire/client';
import { expect, test } from 'vitest';
import { awaited, codeOf, decisionWords, partyPath, people, rulesOf, timeWords, turnWords } from '../party';
import { drawMap } from '../partyMap';
import { routeOf } from '../route';

test.each([
  ['ABC234', 'ABC234'],
  [' abc 234 ', 'ABC234'],
  ['abc-234', 'ABC234'],
  ['https://stories.example/party/XPT746', 'XPT746'],
  ['ABC23', null],
  ['ABC1O0', null],
  ['0190a3c4-5b6d-7e8f-9012-3456789abcde', null],
  ['', null],
])('the code in %j', (text, code) => {
  expect(codeOf(text)).toBe(code);
});

test.each([
  ['/party', ''],
  ['/party/ABC234', 'ABC234'],
  [partyPath('a b'), 'a b'],
])('the party of %s', (path, id) => {
  expect(routeOf(path)).toEqual({ page: 'party', id });
});

test.each([
  [0, null],
  [30, '30 seconds'],
  [60, '1 minute'],
  [7_200, '2 hours'],
  [86_400, '1 day'],
])('%i seconds for a choice', (seconds, words) => {
  expect(timeWords(seconds)).toBe(words);
});

const user = (id: string, display_name: string) => ({ id, display_name, avatar_url: null });
const [ines, tomas, hana] = [user('i', 'Ines Marlow'), user('t', 'Tomas Verrin'), user('h', 'Hana Okafor')];
const seat = (no: number, who: typeof ines, conn: 'on' | 'off' = 'on') => ({
  no,
  user: who,
  ready: false,
  role: '',
  conn,
});

/** A party of three in a round, with what matters to words. */
function party({ round = {}, settings = {}, ...more }: Record<string, object> = {}): PlayView {
  return {
    host: 'i',
    status: 'playing',
    reason: '',
    seats: [seat(1, ines), seat(2, tomas), seat(3, hana, 'off')],
    settings: { mode: 'majority', pace: 'live', timerSec: 60, votes: 'open', maxPlayers: 8, ...settings },
    votes: { voted: ['i'], counts: {}, by: {} },
    round: { mode: 'majority', turn: null, tied: [], eligible: ['i', 't', 'h'], ...round },
    ...more,
  } as unknown as PlayView;
}

test('a few people by name, more by number', () => {
  expect(people([])).toBe('');
  expect(people([ines])).toBe('Ines');
  expect(people([ines, tomas])).toBe('Ines and Tomas');
  expect(people([ines, tomas, hana])).toBe('Ines, Tomas and Hana');
  expect(people([ines, tomas, hana, ines])).toBe('Ines, Tomas and 2 more');
});

test('a live vote waits for who is there, one by mail for all', () => {
  expect(awaited(party()).map(({ id }) => id)).toEqual(['t']);
  expect(awaited(party({ settings: { pace: 'mail' } })).map(({ id }) => id)).toEqual(['t', 'h']);
});

test.each([
  [{}, 't', 'Vote. More than half decides.'],
  [{ tied: ['a', 'b'] }, 't', 'The vote is tied: once more, between these two.'],
  [{ mode: 'host' }, 'i', 'You decide.'],
  [{ mode: 'host' }, 't', 'Ines decides. Say what you would do.'],
  [{ mode: 'rotate', turn: 't' }, 't', 'It is your turn.'],
  [{ mode: 'rotate', turn: 't' }, 'i', "It is Tomas's turn. Say what you would do."],
])('whose choice it is: %j for %s', (round, me, words) => {
  expect(turnWords(party({ round }), me)).toBe(words);
});

test('the rules of a party, in words', () => {
  expect(rulesOf(party({ settings: { votes: 'hidden' } }).settings)).toEqual([
    'Everybody votes. More than half decides.',
    '1 minute for each choice.',
    'Votes stay secret until the end.',
  ]);
});

test('how a round ended goes without saying where there was one way', () => {
  const decision = { round: 1, option: 'a', label: 'Go left', how: 'auto' } as const;
  expect(decisionWords(decision)).toBe('');
  expect(decisionWords({ ...decision, how: 'chosen' })).toBe('Go left');
  expect(decisionWords({ ...decision, how: 'random' })).toBe('Go left – chance decided');
});

const passage = (id: string, ...to: string[]) => ({ id, name: id, ends: to.length === 0, visited: 0, to });
const step = (round: number, passageId: string): PlayStep => ({
  round,
  passageId,
  name: passageId,
  label: '',
});

test('a map goes from left to right by the number of choices, and knows the way', () => {
  const map: PlayMap = {
    start: 'a',
    passages: [
      passage('a', 'b', 'c'),
      passage('b', 'd'),
      passage('c', 'a'),
      passage('d'),
      passage('lost', 'a'),
    ],
  };
  const { nodes, edges } = drawMap(map, [step(1, 'a'), step(2, 'b'), step(3, 'd')]);
  const x = new Map(nodes.map((node) => [node.id, node.x]));
  expect(x.get('b')).toBe(x.get('c'));
  expect([...x.keys()]).toEqual(['a', 'b', 'c', 'd']);
  expect((x.get('a') ?? 0) < (x.get('b') ?? 0) && (x.get('b') ?? 0) < (x.get('d') ?? 0)).toBe(true);
  expect(edges.filter(({ taken }) => taken).map(({ key }) => key)).toEqual(['a b', 'b d']);
  expect(edges.map(({ key }) => key)).toContain('c a');
});

test('a map of thousands of passages is drawn in a moment', () => {
  const passages = Array.from({ length: 5_000 }, (_, i) =>
    passage(`p${i}`, `p${i + 1}`, `p${(i * 7) % 5_000}`),
  );
  const began = performance.now();
  expect(drawMap({ start: 'p0', passages }, []).nodes.length).toBe(5_000);
  expect(performance.now() - began).toBeLessThan(2_000);
});
