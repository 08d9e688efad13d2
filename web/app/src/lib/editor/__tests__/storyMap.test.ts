import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { addPassage, passagesOf, tagPassage, textOf } from '../content';
import { outlineOf } from '../outline';
import { cardsOf, curveOf, edgesOf } from '../storyMap';

function story() {
  const doc = new Y.Doc();
  const [a, b] = [addPassage(doc, 'A', [0, 0]), addPassage(doc, 'B', [200, 0])];
  textOf(passagesOf(doc).get(a))?.insert(0, '[[B]] [[A]] [[Nowhere]] [[Neither]]');
  tagPassage(doc, b, ['end']);
  return { a, b, outline: outlineOf(doc).get() };
}

describe('the map', () => {
  test('has links as lines; dead ones lead to what is not there, below each other', () => {
    const { a, b, outline } = story();
    const { edges, ghosts } = edgesOf(outline);
    expect(edges.map(({ source, target, dead }) => [source, target, dead])).toEqual([
      [a, b, false],
      [a, `${a} Nowhere`, true],
      [a, `${a} Neither`, true],
    ]);
    expect(ghosts.map(({ name, from }) => [name, from])).toEqual([
      ['Nowhere', a],
      ['Neither', a],
    ]);
    expect(ghosts[1]?.pos[1]).toBeGreaterThan(ghosts[0]?.pos[1] ?? 0);
  });

  test('keeps the cards of which nothing has changed', () => {
    const { a, b, outline } = story();
    const before = cardsOf(outline, [], a);
    expect(before.map(({ id, begins, ends, chosen }) => [id, begins, ends, chosen])).toEqual([
      [a, true, false, true],
      [b, false, true, false],
    ]);
    const ben = { client: 1, id: 'ben', name: 'Ben', color: '#123456', passageId: b };
    const after = cardsOf(outline, [ben], a);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toMatchObject({ here: { name: 'Ben', color: '#123456' } });
    expect(cardsOf(outline, [ben], a)[1]).toBe(after[1]);
  });

  test('draws a line from card to card, another one back, and none where they cover each other', () => {
    const box = (x: number, y: number) => ({ x, y, width: 100, height: 50 });
    const there = curveOf(box(0, 0), box(300, 0));
    expect(there?.line).toMatch(/^M100\.0 /);
    expect(curveOf(box(300, 0), box(0, 0))?.line).not.toBe(there?.line);
    expect(curveOf(box(0, 0), box(20, 10))).toBeNull();
    expect(curveOf(box(0, 0), box(0, 0))).toBeNull();
  });
});
