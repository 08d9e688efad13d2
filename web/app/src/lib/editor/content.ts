import * as Y from 'yjs';
import { linksOf } from './links';
import { ulid } from './ulid';

export type Fields = Y.Map<unknown>;

/** Marks what is written here outside of the text. */
export const DESK = 'desk';

export const storyOf = (doc: Y.Doc): Fields => doc.getMap('story');
export const passagesOf = (doc: Y.Doc): Y.Map<Fields> => doc.getMap('passages');

export function textOf(passage: Fields | undefined): Y.Text | null {
  const body = passage?.get('body');
  return body instanceof Y.Text ? body : null;
}

export function wordOf(fields: Fields, key: string): string {
  const value = fields.get(key);
  return typeof value === 'string' ? value : '';
}

export type Place = readonly [number, number];

/** How far apart passages lie that are made here. */
const ACROSS = 180;
const DOWN = 110;

/** Marks what is written here and is no step to be undone. */
const UNSEEN = 'unseen';

/**
 * Writes a new passage; its id. It is made in the trash and taken out of it: undone, it lies there again with
 * whatever others have written in it, which would be lost if it were deleted.
 */
export function addPassage(doc: Y.Doc, name: string, pos: Place): string {
  const id = ulid();
  const passage: Fields = new Y.Map();
  doc.transact(() => {
    passage.set('name', name);
    passage.set('body', new Y.Text());
    passage.set('tags', []);
    passage.set('pos', [...pos]);
    passage.set('size', [100, 100]);
    passage.set('trashedAt', Date.now());
    passagesOf(doc).set(id, passage);
  }, UNSEEN);
  doc.transact(() => {
    passage.delete('trashedAt');
    if (wordOf(storyOf(doc), 'start') === '') storyOf(doc).set('start', id);
  }, DESK);
  return id;
}

/** A free place below another one. */
export function placeBelow(from: Place, taken: readonly Place[]): Place {
  const free = ([x, y]: Place) =>
    !taken.some(([a, b]) => Math.abs(a - x) < ACROSS - 20 && Math.abs(b - y) < DOWN - 20);
  for (let row = 1; ; row++) {
    for (let column = 0; column < 6; column++) {
      const place: Place = [from[0] + column * ACROSS, from[1] + row * DOWN];
      if (free(place)) return place;
    }
  }
}

/** Renames a passage and every link to it, in one step. */
export function renamePassage(doc: Y.Doc, id: string, name: string): void {
  const passages = passagesOf(doc);
  const passage = passages.get(id);
  if (!passage) return;
  const before = wordOf(passage, 'name');
  if (before === name) return;
  doc.transact(() => {
    passage.set('name', name);
    if (before === '') return;
    for (const other of passages.values()) relink(textOf(other), before, name);
  }, DESK);
}

function relink(body: Y.Text | null, before: string, name: string): void {
  if (body === null) return;
  const text = body.toString();
  if (!text.includes(before)) return;
  // From the end: the positions before a change stay.
  for (const link of linksOf(text).reverse()) {
    if (link.name !== before) continue;
    body.delete(link.nameFrom, before.length);
    body.insert(link.nameFrom, name);
  }
}

function set(doc: Y.Doc, id: string, key: string, value: unknown): void {
  const passage = passagesOf(doc).get(id);
  if (passage) doc.transact(() => passage.set(key, value), DESK);
}

export function tagPassage(doc: Y.Doc, id: string, tags: readonly string[]): void {
  set(doc, id, 'tags', [...tags]);
}

/** Written once, when a passage has been dragged to where it stays. */
export function placePassages(doc: Y.Doc, places: ReadonlyMap<string, Place>): void {
  doc.transact(() => {
    for (const [id, [x, y]] of places)
      passagesOf(doc)
        .get(id)
        ?.set('pos', [Math.round(x), Math.round(y)]);
  }, DESK);
}

export function trashPassage(doc: Y.Doc, id: string): void {
  set(doc, id, 'trashedAt', Date.now());
}

/** Takes a passage out of the trash again. */
export function restorePassage(doc: Y.Doc, id: string): void {
  const passage = passagesOf(doc).get(id);
  if (passage) doc.transact(() => passage.delete('trashedAt'), DESK);
}

export function beginAt(doc: Y.Doc, id: string): void {
  doc.transact(() => storyOf(doc).set('start', id), DESK);
}

/** Gives the story a title, or returns why it cannot be one. */
export function retitle(doc: Y.Doc, title: string): string | null {
  if (title === '') return 'A story needs a title.';
  doc.transact(() => storyOf(doc).set('title', title), DESK);
  return null;
}
