import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import {
  addPassage,
  beginAt,
  passagesOf,
  placeBelow,
  placePassages,
  renamePassage,
  restorePassage,
  retitle,
  storyOf,
  tagPassage,
  textOf,
  trashPassage,
} from '../content';
import { nameProblem } from '../links';
import { ulid } from '../ulid';

const bodyOf = (doc: Y.Doc, id: string) => textOf(passagesOf(doc).get(id)) as Y.Text;

describe('a new passage', () => {
  test('is what the server takes, and the first one begins the story', () => {
    const doc = new Y.Doc();
    const [first, second] = [addPassage(doc, 'A', [1, 2]), addPassage(doc, 'B', [3, 4])];
    expect(first).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(passagesOf(doc).get(first)?.toJSON()).toEqual({
      name: 'A',
      body: '',
      tags: [],
      pos: [1, 2],
      size: [100, 100],
    });
    expect(storyOf(doc).get('start')).toBe(first);
    beginAt(doc, second);
    expect(storyOf(doc).get('start')).toBe(second);
  });

  test('lies where nothing lies yet', () => {
    expect(placeBelow([0, 0], [])).toEqual([0, 110]);
    expect(placeBelow([0, 0], [[10, 100]])).toEqual([180, 110]);
    const row = Array.from({ length: 6 }, (_, i) => [i * 180, 110] as const);
    expect(placeBelow([0, 0], row)).toEqual([0, 220]);
  });

  test('has an id that rises with time', () => {
    expect(ulid(1_000).slice(0, 10) < ulid(2_000).slice(0, 10)).toBe(true);
    expect(new Set(Array.from({ length: 100 }, () => ulid())).size).toBe(100);
  });
});

describe('a rename', () => {
  test('takes every link along, in one step, and no other word', () => {
    const doc = new Y.Doc();
    const [lamp, start] = [addPassage(doc, 'Lamp', [0, 0]), addPassage(doc, 'Start', [0, 0])];
    bodyOf(doc, start).insert(
      0,
      'Lamp: [[Lamp]], [[Lamp|Lamp]], [[on-> Lamp ]], [[Lamp<-Lamp]], [[Lamps]] [[Lamp',
    );
    let steps = 0;
    doc.on('afterTransaction', () => {
      steps += 1;
    });
    renamePassage(doc, lamp, 'The old light');
    expect(steps).toBe(1);
    expect(bodyOf(doc, start).toString()).toBe(
      'Lamp: [[The old light]], [[Lamp|The old light]], [[on-> The old light ]], [[The old light<-Lamp]], [[Lamps]] [[Lamp',
    );
  });

  test('of one without a name changes no text', () => {
    const doc = new Y.Doc();
    const [none, start] = [addPassage(doc, '', [0, 0]), addPassage(doc, 'Start', [0, 0])];
    bodyOf(doc, start).insert(0, '[[]] and [[Start]]');
    renamePassage(doc, none, 'Found');
    expect(bodyOf(doc, start).toString()).toBe('[[]] and [[Start]]');
    renamePassage(doc, 'gone', 'X');
  });

  test('is refused for names that no link can have', () => {
    expect(nameProblem('A plain name', 200)).toBeNull();
    for (const name of ['', 'a->b', 'a<-b', 'a|b', '[[a', 'a]]', 'x'.repeat(201)]) {
      expect(nameProblem(name, 200)).not.toBeNull();
    }
  });
});

test('passages are tagged, placed, thrown away and taken back; others written in the middle of it keep their words', () => {
  const doc = new Y.Doc();
  const id = addPassage(doc, 'A', [0, 0]);
  tagPassage(doc, id, ['end']);
  placePassages(
    doc,
    new Map([
      [id, [10.4, 20.6]],
      ['gone', [1, 1]],
    ]),
  );
  trashPassage(doc, id);
  bodyOf(doc, id).insert(0, 'still here');
  expect(passagesOf(doc).get(id)?.get('trashedAt')).toBeTypeOf('number');
  restorePassage(doc, id);
  expect(passagesOf(doc).get(id)?.toJSON()).toMatchObject({
    tags: ['end'],
    pos: [10, 21],
    body: 'still here',
  });
  expect(passagesOf(doc).get(id)?.has('trashedAt')).toBe(false);
});

test('a story needs a title', () => {
  const doc = new Y.Doc();
  expect(retitle(doc, '')).not.toBeNull();
  expect(retitle(doc, 'The well')).toBeNull();
  expect(storyOf(doc).get('title')).toBe('The well');
});
