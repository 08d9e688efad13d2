import { Annotation, RangeSet, type Range as Span } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from '@codemirror/view';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { stampOf } from './people';

/** Cursors of others have moved. */
const moved = Annotation.define<true>();

/**
 * The cursors and selections of others in one text, with their names, and ours for them. It stands in for the one
 * of y-codemirror.next, which writes `style` attributes: the page's policy does not allow these.
 */
export function remoteCursors(text: Y.Text, awareness: Awareness) {
  return [
    ViewPlugin.define((view) => new Cursors(view, text, awareness), {
      decorations: (plugin) => plugin.marks,
    }),
    theme,
  ];
}

class Cursors {
  marks: DecorationSet = RangeSet.empty;
  #text: Y.Text;
  #awareness: Awareness;
  #stop: () => void;

  constructor(view: EditorView, text: Y.Text, awareness: Awareness) {
    this.#text = text;
    this.#awareness = awareness;
    const changed = ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>) => {
      const others = [...added, ...updated, ...removed].some((client) => client !== awareness.clientID);
      if (others) view.dispatch({ annotations: moved.of(true) });
    };
    awareness.on('change', changed);
    this.#stop = () => awareness.off('change', changed);
    this.marks = this.#read(view);
  }

  destroy(): void {
    this.#stop();
  }

  update(update: ViewUpdate): void {
    if (update.selectionSet || update.docChanged || update.focusChanged) this.#tell(update.view);
    if (update.docChanged || update.transactions.some((one) => one.annotation(moved))) {
      this.marks = this.#read(update.view);
    }
  }

  /** Shows our own selection to the others, while the text has the focus. */
  #tell(view: EditorView): void {
    if (!view.hasFocus || this.#awareness.getLocalState() === null) return;
    const { anchor, head } = view.state.selection.main;
    const at = (index: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.#text, index));
    const cursor = { anchor: at(anchor), head: at(head) };
    const before = this.#awareness.getLocalState()?.cursor;
    if (JSON.stringify(before) !== JSON.stringify(cursor))
      this.#awareness.setLocalStateField('cursor', cursor);
  }

  #read(view: EditorView): DecorationSet {
    const spans: Span<Decoration>[] = [];
    for (const { client, name, color, colorLight, anchor, head } of cursorsIn(this.#text, this.#awareness)) {
      const end = view.state.doc.length;
      const [from, to] = [Math.min(anchor, head, end), Math.min(Math.max(anchor, head), end)];
      if (from < to) {
        const attributes = { style: `background-color: ${colorLight}` };
        spans.push(Decoration.mark({ attributes }).range(from, to));
      }
      const widget = new Caret(name, color, client);
      spans.push(Decoration.widget({ widget, side: head > anchor ? -1 : 1 }).range(Math.min(head, end)));
    }
    return Decoration.set(spans, true);
  }
}

/** A selection of somebody else; both ends are the same where it is only a cursor. */
export interface Cursor {
  client: number;
  name: string;
  color: string;
  colorLight: string;
  anchor: number;
  head: number;
}

/** Where others are in a text, by what they say and the server has stamped. */
export function cursorsIn(text: Y.Text, awareness: Awareness): Cursor[] {
  const cursors: Cursor[] = [];
  for (const [client, state] of awareness.getStates()) {
    const stamp = client === awareness.clientID ? null : stampOf(state);
    const anchor = stamp && indexIn(text, state.cursor?.anchor);
    const head = stamp && indexIn(text, state.cursor?.head);
    if (!stamp || anchor === null || head === null) continue;
    const { name, color, colorLight } = stamp;
    cursors.push({ client, name, color, colorLight, anchor, head });
  }
  return cursors;
}

function indexIn(text: Y.Text, position: unknown): number | null {
  if (!text.doc || typeof position !== 'object' || position === null) return null;
  try {
    const found = Y.createAbsolutePositionFromRelativePosition(
      Y.createRelativePositionFromJSON(position),
      text.doc,
    );
    return found?.type === text ? found.index : null;
  } catch {
    return null; // another client wrote what is no position
  }
}

class Caret extends WidgetType {
  readonly name: string;
  readonly color: string;
  readonly client: number;

  constructor(name: string, color: string, client: number) {
    super();
    this.name = name;
    this.color = color;
    this.client = client;
  }

  override eq(other: Caret): boolean {
    return other.name === this.name && other.color === this.color && other.client === this.client;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'cm-caret';
    caret.style.color = this.color;
    const flag = document.createElement('span');
    flag.className = 'cm-caret-name';
    flag.style.backgroundColor = this.color;
    flag.textContent = this.name;
    caret.append(flag);
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const theme = EditorView.baseTheme({
  '.cm-caret': {
    position: 'relative',
    display: 'inline-block',
    width: '0',
    height: '1.15em',
    verticalAlign: 'text-bottom',
    borderLeft: '2px solid currentColor',
    margin: '0 -1px',
  },
  '.cm-caret-name': {
    position: 'absolute',
    top: '-1.35em',
    left: '-2px',
    padding: '1px 6px',
    borderRadius: '4px 4px 4px 0',
    color: '#fff',
    font: '500 11px / 1.4 var(--sans)',
    letterSpacing: '0',
    whiteSpace: 'nowrap',
    userSelect: 'none',
    pointerEvents: 'none',
    zIndex: '5',
  },
});
