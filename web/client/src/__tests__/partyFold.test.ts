import { expect, test } from 'vitest';
import { afterEvent } from '../partyFold.js';
import type { PlayEventType, PlayMode, PlayPayload, PlayRound, PlayView } from '../wire.js';
import { event, mira, playing, round, seat, view } from './fakeParty.js';
import { ezra, wren } from './fakeTransport.js';

/** The party after events, as Wren sees it. */
function fold(start: PlayView, ...events: [PlayEventType, PlayPayload?][]): PlayView {
  return events.reduce<PlayView>((before, [type, payload]) => {
    const next = afterEvent(before, event(1, type, payload), wren.id);
    if (next === null) throw new Error(`${type} cannot be told from the event`);
    return next;
  }, start);
}

test('people come, are ready, and go', () => {
  const after = fold(
    view(),
    ['joined', { seat: seat(3, mira) }],
    ['ready', { seat: seat(3, mira, { ready: true }) }],
    ['left', { seat: seat(2, ezra, { conn: 'left' }) }],
  );
  expect(after.seats.map(({ user, ready, conn }) => [user.display_name, ready, conn])).toEqual([
    ['Wren', false, 'on'],
    ['Ezra', false, 'left'],
    ['Mira', true, 'on'],
  ]);
});

test('the viewer who is sent away has no seat', () => {
  const after = fold(view(), ['kicked', { seat: seat(1, wren, { conn: 'kicked' }) }]);
  expect(after.me).toMatchObject({ seat: null, canChoose: [] });
});

test('a round begins: the path grows, votes are empty, and the viewer may choose', () => {
  const after = fold(view(), ['started'], ['round', { round: round(1) }]);
  expect(after).toMatchObject({
    status: 'playing',
    round: { passageId: 'p1' },
    votes: { voted: [], counts: {}, by: {} },
    path: [{ round: 1, name: 'Passage 1', label: '' }],
    me: { canChoose: ['left', 'right'], canSuggest: false, vote: null },
  });
});

test('where the story has roles, only the server knows who got which', () => {
  expect(afterEvent(view({ roles: ['thief'] }), event(1, 'started'), wren.id)).toBeNull();
});

test('a vote ends, and its step of the path says how', () => {
  const votes = { voted: [ezra.id], counts: { left: 1 }, by: { [ezra.id]: 'left' } };
  const after = fold(
    playing(),
    ['voted', { userId: ezra.id, option: 'left', votes }],
    ['resolved', { option: 'left', label: 'Go left', how: 'majority', votes }],
    ['round', { round: round(2) }],
  );
  expect(after.path.map(({ label }) => label)).toEqual(['Go left', '']);
  expect(after.votes.voted).toEqual([]);
});

test('a second vote is between those that were tied', () => {
  const after = fold(playing(), ['revote', { tied: ['right'], deadlineInMs: 500 }]);
  expect(after.me.canChoose).toEqual(['right']);
  expect(after.round?.deadlineInMs).toBe(500);
});

test('who goes takes their vote along', () => {
  const votes = { voted: [ezra.id], counts: { left: 1 }, by: { [ezra.id]: 'left' } };
  const gone = { seat: seat(2, ezra, { conn: 'left' as const }) };
  const after = fold(playing({ votes, suggestions: { [ezra.id]: 'left' } }), ['left', gone]);
  expect(after.votes).toEqual({ voted: [], counts: { left: 0 }, by: {} });
  expect(after.suggestions).toEqual({});
  expect(after.round?.eligible).toEqual([wren.id]);
  // Nobody says what they had voted for: the server has to count.
  const counted = playing({ votes: { voted: [ezra.id], counts: { left: 1 }, by: null } });
  expect(afterEvent(counted, event(1, 'left', gone), wren.id)).toBeNull();
});

const chances: [PlayMode, Partial<PlayRound>, string[]][] = [
  ['majority', {}, ['left', 'right']],
  ['majority', { eligible: [ezra.id] }, []],
  ['host', {}, ['left', 'right']],
  ['rotate', { turn: ezra.id }, []],
  ['rotate', { turn: wren.id }, ['left', 'right']],
];

test.each(chances)('who may choose by %s %j', (mode, more, canChoose) => {
  const after = fold(playing(), ['round', { round: round(2, { mode, ...more }) }]);
  expect(after.me.canChoose).toEqual(canChoose);
  expect(after.me.canSuggest).toBe(canChoose.length === 0);
});

test('choices that are for somebody are open to all when that somebody is not there', () => {
  const options = [
    { id: 'pick', label: 'Pick the lock', who: 'role:thief' },
    { id: 'wait', label: 'Wait' },
  ];
  const thief = (conn: 'on' | 'off') => [seat(1), seat(2, ezra, { role: 'thief', conn })];
  const offer = ['round', { round: round(2, { options }) }] as [PlayEventType, PlayPayload];
  expect(fold(playing({ seats: thief('on') }), offer).me.canChoose).toEqual(['wait']);
  expect(fold(playing({ seats: thief('off') }), offer).me.canChoose).toEqual(['pick', 'wait']);
});

test('pause stops the clock and the choosing, and going on brings them back', () => {
  const start = playing({ round: round(1, { deadlineInMs: 9_000, timerMs: 10_000 }) });
  const paused = fold(start, ['paused', { reason: 'host' }]);
  expect(paused).toMatchObject({
    status: 'paused',
    reason: 'host',
    round: { deadlineInMs: null },
    me: { canChoose: [] },
  });
  const on = fold(paused, ['resumed', { deadlineInMs: 8_000 }]);
  expect(on).toMatchObject({
    status: 'playing',
    round: { deadlineInMs: 8_000 },
    me: { canChoose: ['left', 'right'] },
  });
});

test('going back takes the path back', () => {
  const proposal = { toRound: 1, by: ezra.id, agreed: [ezra.id] };
  const asked = fold(playing(), ['proposed', { proposal }]);
  expect(asked.proposal).toEqual(proposal);
  expect(fold(asked, ['declined']).proposal).toBeNull();
  const back = fold(asked, ['rewound', { path: [] }], ['round', { round: round(3) }]);
  expect(back).toMatchObject({ proposal: null, path: [{ round: 3 }] });
});

test('the end gives the code back, and a next party may follow', () => {
  const after = fold(playing(), ['ended', { reason: 'story' }], ['rematch', { rematch: 'g2' }]);
  expect(after).toMatchObject({
    status: 'ended',
    reason: 'story',
    code: '',
    rematch: 'g2',
    me: { canChoose: [] },
  });
});

test('what is told to the viewer alone replaces the round', () => {
  const after = fold(playing(), [
    'private',
    { round: round(1, { text: 'You see a key.' }), vars: { key: true } },
  ]);
  expect(after).toMatchObject({ round: { text: 'You see a key.' }, me: { vars: { key: true } } });
});
