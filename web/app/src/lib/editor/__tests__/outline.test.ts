import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import {
  addPassage,
  passagesOf,
  placePassages,
  renamePassage,
  retitle,
  textOf,
  trashPassage,
} from '../content';
import { outlineOf } from '../outline';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A story of three passages with its outline, which somebody listens to; `told` counts. */
function story() {
  const doc = new Y.Doc();
  const ids = ['A', 'B', 'C'].map((name, i) => addPassage(doc, name, [i * 100, 0]));
  const outline = outlineOf(doc);
  const told = vi.fn();
  const stop = outline.subscribe(told);
  const write = (i: number, words: string, origin: unknown = null) =>
    doc.transact(() => textOf(passagesOf(doc).get(ids[i] ?? ''))?.insert(0, words), origin);
  return { doc, ids: ids as [string, string, string], outline, told, stop, write };
}

describe('an outline', () => {
  test('is in the order of the map, by rows', () => {
    const { doc, ids, outline } = story();
    placePassages(doc, new Map([[ids[0], [50, 10]]]));
    expect(outline.get().rows.map(({ name }) => name)).toEqual(['B', 'C', 'A']);
  });

  test('stays the same object while only words are typed, by us or by others', () => {
    const { doc, outline, told, write } = story();
    const before = outline.get();
    write(0, 'words without links');
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    vi.advanceTimersByTime(100);
    expect(outline.get()).toBe(before);
    expect(told).not.toHaveBeenCalled();
  });

  test('gathers changes, reads only what changed, and keeps the names while no name changes', () => {
    const { outline, told, write } = story();
    const before = outline.get();
    write(0, '[[B]] ');
    write(0, '[[C]] $gold <<if lamp>>x<<endif>>');
    expect(told).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(told).toHaveBeenCalledTimes(1);
    const after = outline.get();
    expect(after.rows[0]).toMatchObject({ to: ['C', 'B'], uses: ['gold', 'lamp'] });
    expect(after.rows[1]).toBe(before.rows[1]);
    expect(after.byName).toBe(before.byName);
  });

  test('shows at once what is done on the desk', () => {
    const { doc, ids, outline } = story();
    renamePassage(doc, ids[1], 'Bee');
    expect(outline.get().byName.get('Bee')).toBe(ids[1]);
    retitle(doc, 'T');
    expect(outline.get().title).toBe('T');
    trashPassage(doc, ids[1]);
    expect(outline.get().rows.map(({ name }) => name)).toEqual(['A', 'C']);
    expect(outline.get().trash.map(({ name }) => name)).toEqual(['Bee']);
    expect(outline.get().byName.has('Bee')).toBe(false);
    expect(outline.get().byId.has(ids[1])).toBe(true);
  });

  test('knows what happened while nobody listened', () => {
    const { ids, outline, stop, write } = story();
    stop();
    write(2, '[[A]]');
    outline.subscribe(() => undefined);
    expect(outline.get().byId.get(ids[2])?.to).toEqual(['A']);
  });

  test('bears what another client wrote wrongly', () => {
    const { doc, ids, outline } = story();
    passagesOf(doc).get(ids[0])?.set('pos', 'here');
    passagesOf(doc).get(ids[0])?.set('tags', 7);
    vi.advanceTimersByTime(100);
    expect(outline.get().byId.get(ids[0])).toMatchObject({ pos: [0, 0], tags: [] });
  });
});
