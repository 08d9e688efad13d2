import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { addPassage, passagesOf, textOf } from '../content';
import {
  addVariable,
  changeVariable,
  guessVariable,
  parseValue,
  removeVariable,
  renameVariable,
  type Variable,
  varNameProblem,
  varsOf,
} from '../vars';
import { usesOf, varNamesOf } from '../varUses';

describe('the variables of a text', () => {
  test.each([
    ['You have $gold and $5.', ['gold']],
    ['gold, silver', []],
    ['<<if gold > 3 and not $torch>>x<<elseif lamp>>y<<else>>z<<endif>>', ['gold', 'torch', 'lamp']],
    ['<<set $gold = gold + silver>>', ['gold', 'silver']],
    ['<<set $door to "open $x">>', ['door']],
    ['<<set lamp += 1>>', ['lamp']],
    ['[[Go->Cave]]{once; if: gold >= 3 or visited("Cave"); who: role:thief}', ['gold']],
    ['[[Go->Cave]] {if: gold}', []],
    ['<<if name == \'gold\' and role == "x">>', ['name']],
    ['<<if a>>[[b]]{if: c}$d<<endif>>', ['a', 'c', 'd']],
    ['<<unknown gold>> $', []],
  ])('%j uses %j', (text, want) => {
    expect(varNamesOf(text)).toEqual(want);
  });

  test('stand where they say', () => {
    const text = '🕯 $gold <<if "gold" == gold>>[[x]]{once; if: $gold>1}';
    for (const { name, from, to } of usesOf(text)) expect(text.slice(from, to)).toBe(name);
    expect(usesOf(text)).toHaveLength(3);
  });
});

describe('declared variables', () => {
  const gold: Variable = { name: 'gold', type: 'int', init: 3, scope: 'shared', doc: '' };

  test('are kept as the server wants them, and heard of', () => {
    const doc = new Y.Doc();
    const vars = varsOf(doc);
    vars.subscribe(() => undefined);
    addVariable(doc, gold);
    addVariable(doc, { ...gold, name: 'ale' });
    expect(doc.getMap('vars').toJSON().gold).toEqual({ type: 'int', init: 3, scope: 'shared', doc: '' });
    expect(vars.get().map(({ name }) => name)).toEqual(['ale', 'gold']);
    changeVariable(doc, 'gold', { scope: 'private', init: 5 });
    expect(vars.get()[1]).toEqual({ ...gold, scope: 'private', init: 5 });
    changeVariable(doc, 'gold', { type: 'bool' });
    expect(vars.get()[1]).toMatchObject({ type: 'bool', init: true });
    changeVariable(doc, 'gold', { type: 'string' });
    expect(vars.get()[1]).toMatchObject({ type: 'string', init: 'true' });
    changeVariable(doc, 'gold', { type: 'int' });
    expect(vars.get()[1]).toMatchObject({ type: 'int', init: 0 });
    removeVariable(doc, 'gold');
    changeVariable(doc, 'gold', { init: 1 });
    expect(vars.get().map(({ name }) => name)).toEqual(['ale']);
  });

  test('are renamed wherever they are used, in one step', () => {
    const doc = new Y.Doc();
    const body = textOf(passagesOf(doc).get(addPassage(doc, 'A', [0, 0]))) as Y.Text;
    body.insert(
      0,
      'gold $gold $golden <<set $gold = gold + 1>> "gold" [[x]]{if: gold > 1} <<if role == "gold">>',
    );
    addVariable(doc, gold);
    let steps = 0;
    doc.on('afterTransaction', () => {
      steps += 1;
    });
    renameVariable(doc, gold, 'coins');
    expect(steps).toBe(1);
    expect(body.toString()).toBe(
      'gold $coins $golden <<set $coins = coins + 1>> "gold" [[x]]{if: coins > 1} <<if role == "gold">>',
    );
    expect(doc.getMap('vars').toJSON()).toEqual({
      coins: { type: 'int', init: 3, scope: 'shared', doc: '' },
    });
  });

  test('have names and values that the server takes', () => {
    expect(varNameProblem('lamp_2', [gold])).toBeNull();
    for (const name of ['', '2lamp', 'läm', 'a b', 'gold', 'role', 'visited', 'not', 'x'.repeat(65)]) {
      expect(varNameProblem(name, [gold])).not.toBeNull();
    }
    expect(parseValue('int', '-12')).toBe(-12);
    for (const words of ['', '1.5', 'many', '99999999999999999999'])
      expect(parseValue('int', words)).toBeNull();
    expect(parseValue('string', 'x'.repeat(300))).toHaveLength(200);
    expect(parseValue('bool', 'true')).toBe(true);
  });

  test('are guessed by how they are set', () => {
    expect(guessVariable('a', ['<<set $a = true>>'])).toMatchObject({ type: 'bool', init: false });
    expect(guessVariable('a', ['x', '<<set a to "b">>'])).toMatchObject({ type: 'string', init: '' });
    expect(guessVariable('a', ['<<set $ab = true>> $a'])).toMatchObject({ type: 'int', init: 0 });
  });

  test('that another client wrote wrongly are shown as the nearest', () => {
    const doc = new Y.Doc();
    doc.getMap('vars').set(
      'odd',
      new Y.Map([
        ['type', 'float'],
        ['init', {}],
        ['scope', 7],
      ]),
    );
    doc.getMap('vars').set('plain', 7);
    expect(varsOf(doc).get()).toEqual([{ name: 'odd', type: 'int', init: 0, scope: 'shared', doc: '' }]);
  });
});
