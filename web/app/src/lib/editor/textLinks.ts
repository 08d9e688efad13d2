import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { type EditorState, type Range as Span, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, keymap } from '@codemirror/view';
import { type Link, linksOf } from './links';

/** The names that links may have. */
export type Names = ReadonlyMap<string, string>;

/** Tells the text that passages have come, gone or got another name. */
export const setNames = StateEffect.define<Names>();

interface Marked {
  names: Names;
  links: readonly Link[];
  marks: DecorationSet;
}

const MACRO = /<<[^<>\n]*>>/g;
const live = Decoration.mark({ class: 'cm-link', attributes: { title: 'Ctrl-click to go there' } });
const dead = Decoration.mark({
  class: 'cm-link cm-dead',
  attributes: { title: 'There is no such passage yet' },
});
const macro = Decoration.mark({ class: 'cm-macro' });

function mark(state: EditorState, names: Names): Marked {
  const text = state.doc.toString();
  const links = linksOf(text);
  const spans: Span<Decoration>[] = links.map((link) =>
    (names.has(link.name) ? live : dead).range(link.from, link.to),
  );
  for (const match of text.matchAll(MACRO)) {
    spans.push(macro.range(match.index, match.index + match[0].length));
  }
  return { names, links, marks: Decoration.set(spans, true) };
}

const marked = StateField.define<Marked>({
  create: (state) => mark(state, new Map()),
  update: (value, transaction) => {
    const told = transaction.effects.find((effect) => effect.is(setNames));
    if (!told && !transaction.docChanged) return value;
    return mark(transaction.state, told ? told.value : value.names);
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});

const linkAt = (state: EditorState, at: number): Link | undefined =>
  state.field(marked).links.find(({ from, to }) => from <= at && at <= to);

/** Colours links and macros; Ctrl- or Cmd-click and Mod-Enter follow a link. */
export function textLinks(follow: (name: string) => void) {
  return [
    marked,
    EditorView.domEventHandlers({
      mousedown: (event, view) => {
        if (!(event.ctrlKey || event.metaKey) || event.button !== 0) return false;
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        const link = at === null ? undefined : linkAt(view.state, at);
        if (!link || link.name === '') return false;
        event.preventDefault();
        follow(link.name);
        return true;
      },
    }),
    keymap.of([
      {
        key: 'Mod-Enter',
        run: (view) => {
          const link = linkAt(view.state, view.state.selection.main.head);
          if (!link || link.name === '') return false;
          follow(link.name);
          return true;
        },
      },
    ]),
  ];
}

/** Offers the names of passages inside of a link. */
export function completeLink(context: CompletionContext): CompletionResult | null {
  const before = context.matchBefore(/\[\[[^\]\n]*$/);
  if (!before) return null;
  const inside = before.text.slice(2);
  const arrow = Math.max(inside.lastIndexOf('->') + 1, inside.lastIndexOf('|'));
  const from = before.from + 2 + arrow + (arrow > 0 || inside.startsWith('|') ? 1 : 0);
  const options = [...context.state.field(marked).names.keys()].map(
    (name): Completion => ({ label: name, apply: insertName }),
  );
  return { from, options, validFor: /^[^\]\n|>]*$/ };
}

function insertName(view: EditorView, { label }: Completion, from: number, to: number): void {
  const closed = view.state.sliceDoc(to, to + 2) === ']]';
  view.dispatch({
    changes: { from, to, insert: closed ? label : `${label}]]` },
    selection: { anchor: from + label.length + 2 },
    userEvent: 'input.complete',
  });
}
