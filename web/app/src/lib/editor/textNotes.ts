import { type Range as Span, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import type { EditComment } from '@storywire/client';
import type * as Y from 'yjs';
import { placeOf } from './notes';

/** The open notes of this text, and the chosen one. */
interface Told {
  notes: readonly EditComment[];
  active: string | null;
}

/** Tells the text which notes there are. */
export const setNotes = StateEffect.define<Told>();

/** Marks what notes are about; a press on a mark chooses its note. */
export function textNotes(text: Y.Text, choose: (id: string) => void) {
  const marks = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update: (value, transaction) => {
      const told = transaction.effects.find((effect) => effect.is(setNotes));
      return told ? mark(text, told.value) : value.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
  });
  return [
    marks,
    EditorView.domEventHandlers({
      click: (event, view) => {
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (at === null || event.ctrlKey || event.metaKey) return false;
        view.state.field(marks).between(at, at, (_from, _to, { spec }) => {
          choose(spec.note);
          return false;
        });
        return false;
      },
    }),
  ];
}

function mark(text: Y.Text, { notes, active }: Told): DecorationSet {
  const spans: Span<Decoration>[] = [];
  const length = text.length;
  for (const { id, anchor } of notes) {
    const place = anchor && placeOf(text, anchor);
    if (!place || place.to > length) continue;
    const name = id === active ? 'cm-noted cm-noted-active' : 'cm-noted';
    spans.push(Decoration.mark({ class: name, note: id }).range(place.from, place.to));
  }
  return Decoration.set(spans, true);
}
