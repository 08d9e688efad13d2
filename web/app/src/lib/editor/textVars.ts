import { type EditorState, type Range as Span, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import { usesOf } from './varUses';

/** Tells the text which variables the story declares. */
export const setVariables = StateEffect.define<ReadonlySet<string>>();

interface Marked {
  known: ReadonlySet<string> | null;
  marks: DecorationSet;
}

const unknown = Decoration.mark({
  class: 'cm-unknown',
  attributes: { title: 'The story declares no such variable' },
});

function mark(state: EditorState, known: ReadonlySet<string> | null): Marked {
  if (known === null) return { known, marks: Decoration.none };
  const spans: Span<Decoration>[] = usesOf(state.doc.toString())
    .filter(({ name }) => !known.has(name))
    .map(({ from, to }) => unknown.range(from, to));
  return { known, marks: Decoration.set(spans, true) };
}

/** Flags variables that are used and nowhere declared. */
export const textVars = StateField.define<Marked>({
  create: (state) => mark(state, null),
  update: (value, transaction) => {
    const told = transaction.effects.find((effect) => effect.is(setVariables));
    if (!told && !transaction.docChanged) return value;
    return mark(transaction.state, told ? told.value : value.known);
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});
