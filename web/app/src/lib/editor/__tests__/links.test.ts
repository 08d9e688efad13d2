import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { describe, expect, test } from 'vitest';
import { linksOf, targetsOf } from '../links';
import { completeLink, setNames, textLinks } from '../textLinks';

describe('links', () => {
  test.each([
    ['[[Cave]]', ['Cave']],
    ['[[go->Cave]]', ['Cave']],
    ['[[a->b->Cave]]', ['Cave']],
    ['[[Cave<-go]]', ['Cave']],
    ['[[Cave<-a<-b]]', ['Cave']],
    ['[[go|Cave]]', ['Cave']],
    ['[[ Cave ]] [[Cave]]', ['Cave']],
    ['[[abc-def]]', ['abc-def']],
    ['[[]] [[ ]] [[->]]', []],
    ['[[a\nb]] [c] [[d]', []],
    ['x [[Äußere Höhle 🕯]] y', ['Äußere Höhle 🕯']],
    ['[[a]][[b]]{if: x}', ['a', 'b']],
  ])('of %j lead to %j', (text, want) => {
    expect(targetsOf(text)).toEqual(want);
  });

  test('know where their names stand', () => {
    const text = '🕯 [[go-> Cave ]]';
    const [link] = linksOf(text);
    expect(link && [text.slice(link.from, link.to), text.slice(link.nameFrom, link.nameTo)]).toEqual([
      '[[go-> Cave ]]',
      'Cave',
    ]);
  });
});

describe('the completion of a link', () => {
  const complete = (text: string) => {
    const start = EditorState.create({ doc: text, extensions: textLinks(() => undefined) });
    const { state } = start.update({
      effects: setNames.of(
        new Map([
          ['Cave', 'a'],
          ['Lamp', 'b'],
        ]),
      ),
    });
    return completeLink(new CompletionContext(state, text.length, false));
  };
  test.each([
    ['go [[', 5],
    ['go [[Ca', 5],
    ['[[label->', 9],
    ['[[label->La', 9],
    ['[[label|La', 8],
    ['[[|', 3],
  ])('of %j begins at %i', (text, from) => {
    const result = complete(text);
    expect(result?.from).toBe(from);
    expect(result?.options.map(({ label }) => label)).toEqual(['Cave', 'Lamp']);
  });
  test.each(['go', 'go [Ca', '[[Cave]] ', '[[a\nb'])('is not offered at the end of %j', (text) => {
    expect(complete(text)).toBeNull();
  });
});
