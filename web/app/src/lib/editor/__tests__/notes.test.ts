import type { EditComment } from '@storywire/client';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { anchorOf, openNotes, placeOf, threadsOf } from '../notes';

const note = (id: string, over: Partial<EditComment> = {}): EditComment => ({
  id,
  storyId: 's',
  passageId: 'p',
  parentId: null,
  anchor: null,
  text: id,
  user: { id: 'ann', display_name: 'Ann', avatar_url: null },
  createdAt: `2026-01-01T00:00:0${id.length}.000Z`,
  resolvedAt: null,
  resolvedBy: null,
  ...over,
});

test('notes are threads, the oldest first; open ones are counted by passage', () => {
  const threads = threadsOf([
    note('ccc', { parentId: 'a' }),
    note('bb', { passageId: 'q' }),
    note('a'),
    note('dddd', { parentId: 'a' }),
    note('eeeee', { resolvedAt: '2026-01-02T00:00:00.000Z' }),
    note('ffffff', { parentId: 'gone' }),
  ]);
  expect(threads.map(({ note, replies }) => [note.id, replies.map(({ id }) => id)])).toEqual([
    ['a', ['ccc', 'dddd']],
    ['bb', []],
    ['eeeee', []],
  ]);
  expect([...openNotes(threads)]).toEqual([
    ['p', 1],
    ['q', 1],
  ]);
});

describe('the place of a note', () => {
  const text = () => {
    const text = new Y.Doc().getText('body');
    text.insert(0, 'The well is deep.');
    return text;
  };

  test('stays with its words, whatever is written around them', () => {
    const body = text();
    const anchor = anchorOf(body, 12, 16);
    expect(anchor.quote).toBe('deep');
    body.insert(16, 'er');
    body.insert(12, 'very ');
    body.insert(0, 'Look: ');
    const place = placeOf(body, anchor);
    expect(place && body.toString().slice(place.from, place.to)).toBe('deep');
  });

  test('is what is left of its words, and gone with the last of them', () => {
    const body = text();
    const anchor = anchorOf(body, 4, 8);
    body.delete(4, 2);
    expect(placeOf(body, anchor)).toEqual({ from: 4, to: 6 });
    body.delete(0, body.length);
    expect(placeOf(body, anchor)).toBeNull();
    body.insert(0, 'The well is deep.');
    expect(placeOf(body, anchor)).toBeNull();
  });

  test('of another text, or of nonsense, is nowhere', () => {
    const body = text();
    expect(placeOf(text(), anchorOf(body, 0, 3))).toBeNull();
    expect(placeOf(body, { start: 'AAAA', end: '!', quote: '' })).toBeNull();
  });

  test('is small enough for the server, with a quote of whole letters', () => {
    const body = new Y.Doc().getText('body');
    body.insert(0, '🕯'.repeat(600));
    const { start, end, quote } = anchorOf(body, 0, 1200);
    expect(Array.from(quote)).toHaveLength(500);
    expect(Math.max(start.length, end.length)).toBeLessThan(256);
  });
});
