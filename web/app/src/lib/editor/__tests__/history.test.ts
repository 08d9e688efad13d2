import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import {
  addPassage,
  beginAt,
  passagesOf,
  placePassages,
  renamePassage,
  restorePassage,
  storyOf,
  tagPassage,
  textOf,
  trashPassage,
} from '../content';
import { historyOf } from '../history';

/** Two replicas that hear each other at once. */
function replicas(): [Y.Doc, Y.Doc] {
  const [here, there] = [new Y.Doc(), new Y.Doc()];
  here.on(
    'update',
    (update: Uint8Array, origin: unknown) => origin !== 'wire' && Y.applyUpdate(there, update, 'wire'),
  );
  there.on(
    'update',
    (update: Uint8Array, origin: unknown) => origin !== 'wire' && Y.applyUpdate(here, update, 'wire'),
  );
  return [here, there];
}

describe('undo of what is done besides typing', () => {
  let here: Y.Doc;
  let there: Y.Doc;
  let history: Y.UndoManager;
  let [start, lamp] = ['', ''];
  const passage = (id: string, doc = here) => passagesOf(doc).get(id)?.toJSON();

  beforeEach(() => {
    [here, there] = replicas();
    start = addPassage(here, 'Start', [0, 0]);
    lamp = addPassage(here, 'Lamp', [0, 110]);
    textOf(passagesOf(here).get(start))?.insert(0, 'A stair. [[Up->Lamp]]');
    history = historyOf(here);
  });

  it('takes back each step by itself, in their order', () => {
    tagPassage(here, lamp, ['end']);
    placePassages(here, new Map([[lamp, [50, 60]]]));
    trashPassage(here, lamp);
    beginAt(here, lamp);
    history.undo();
    expect(storyOf(here).get('start')).toBe(start);
    history.undo();
    expect(passage(lamp)).not.toHaveProperty('trashedAt');
    history.undo();
    expect(passage(lamp)).toMatchObject({ pos: [0, 110], tags: ['end'] });
    history.undo();
    expect(passage(lamp)).toMatchObject({ tags: [] });
    expect(history.canUndo()).toBe(false);
    for (let i = 0; i < 4; i++) history.redo();
    expect(passage(lamp)).toMatchObject({ pos: [50, 60], tags: ['end'], trashedAt: expect.any(Number) });
    expect(passage(lamp, there)).toEqual(passage(lamp));
  });

  it('takes a rename back together with the links that followed it', () => {
    renamePassage(here, lamp, 'Lantern');
    expect(passage(start)?.body).toBe('A stair. [[Up->Lantern]]');
    textOf(passagesOf(there).get(start))?.insert(0, 'Below: ');
    history.undo();
    expect(passage(lamp)?.name).toBe('Lamp');
    expect(passage(start)?.body).toBe('Below: A stair. [[Up->Lamp]]');
    history.redo();
    expect(passage(start, there)?.body).toBe('Below: A stair. [[Up->Lantern]]');
  });

  it('leaves what somebody else has changed since', () => {
    tagPassage(here, lamp, ['mine']);
    tagPassage(there, lamp, ['theirs']);
    history.undo();
    expect(passage(lamp)?.tags).toEqual(['theirs']);
  });

  it('never undoes what others do, nor typing', () => {
    tagPassage(there, lamp, ['theirs']);
    textOf(passagesOf(here).get(lamp))?.insert(0, 'It burns.');
    expect(history.canUndo()).toBe(false);
    history.undo();
    expect(passage(lamp)).toMatchObject({ tags: ['theirs'], body: 'It burns.' });
  });

  it('puts a new passage into the trash, with what others wrote in it meanwhile', () => {
    const cellar = addPassage(here, 'Cellar', [0, 220]);
    textOf(passagesOf(there).get(cellar))?.insert(0, 'Water.');
    history.undo();
    expect(passage(cellar)).toMatchObject({ name: 'Cellar', body: 'Water.', trashedAt: expect.any(Number) });
    expect(history.canUndo()).toBe(false);
    history.redo();
    expect(passage(cellar, there)).toMatchObject({ body: 'Water.' });
    expect(passage(cellar, there)).not.toHaveProperty('trashedAt');
  });

  it('takes what was taken out of the trash back to it', () => {
    trashPassage(there, lamp);
    restorePassage(here, lamp);
    history.undo();
    expect(passage(lamp)).toHaveProperty('trashedAt');
  });
});
