import { describe, expect, test, vi } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { cursorsIn } from '../cursors';
import { peopleOf, stampOf } from '../people';

const ben = { id: 'ben', name: 'Ben', color: '#2f6f73', colorLight: '#2f6f7333' };

/** An awareness in which others are as said, by client. */
function among(doc: Y.Doc, others: Record<number, unknown>): Awareness {
  const awareness = new Awareness(doc);
  awareness.destroy(); // its timer
  for (const [client, state] of Object.entries(others)) awareness.states.set(Number(client), state as never);
  return awareness;
}

function told(awareness: Awareness, client: number, state: object) {
  awareness.states.set(client, state as never);
  awareness.emit('change', [{ added: [], updated: [client], removed: [] }, 'remote']);
}

describe('people', () => {
  test('are those whom the server has stamped, without us, and in an order that stays', () => {
    const doc = new Y.Doc();
    const awareness = among(doc, {
      9: { user: ben, passageId: 'p' },
      7: { user: { ...ben, id: 'ann' } },
      8: { passageId: 'p' },
    });
    awareness.states.set(doc.clientID, { user: ben } as never);
    const people = peopleOf(awareness);
    people.subscribe(() => undefined);
    expect(people.get().map(({ id, passageId }) => [id, passageId])).toEqual([
      ['ann', null],
      ['ben', 'p'],
    ]);
  });

  test('do not change while only cursors move', () => {
    const awareness = among(new Y.Doc(), { 9: { user: ben, passageId: 'p' } });
    const people = peopleOf(awareness);
    const heard = vi.fn();
    people.subscribe(heard);
    heard.mockClear();
    told(awareness, 9, { user: ben, passageId: 'p', cursor: { anchor: 1, head: 1 } });
    expect(heard).not.toHaveBeenCalled();
    told(awareness, 9, { user: ben, passageId: 'q' });
    expect(heard).toHaveBeenCalledTimes(1);
  });

  test('have colours, and nothing else in their place', () => {
    expect(stampOf({ user: { ...ben, color: 'red; background: url(x)' } })?.color).toBe('#777777');
    expect(stampOf({ user: { ...ben, name: 7 } })).toBeNull();
    expect(stampOf({ user: null })).toBeNull();
    expect(stampOf(undefined)).toBeNull();
  });
});

describe('cursors', () => {
  const at = (text: Y.Text, index: number) =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index));

  test('stay with their words, and only those in this text are shown', () => {
    const doc = new Y.Doc();
    const [text, other] = [doc.getText('a'), doc.getText('b')];
    text.insert(0, 'The well is deep');
    other.insert(0, 'elsewhere');
    const awareness = among(doc, {
      5: { user: ben, cursor: { anchor: at(text, 4), head: at(text, 8) } },
      6: { user: ben, cursor: { anchor: at(other, 1), head: at(other, 1) } },
      7: { user: ben, cursor: null },
      8: { user: ben, cursor: { anchor: { type: 'nonsense' }, head: 7 } },
      9: { cursor: { anchor: at(text, 0), head: at(text, 0) } },
    });
    text.insert(0, 'Look: ');
    expect(cursorsIn(text, awareness)).toEqual([
      { client: 5, name: 'Ben', color: ben.color, colorLight: ben.colorLight, anchor: 10, head: 14 },
    ]);
  });
});
