'use client';

import { autocompletion, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap } from '@codemirror/commands';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import type { EditComment } from '@storywire/client';
import { useEffect, useRef } from 'react';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { remoteCursors } from '@/lib/editor/cursors';
import { placeOf } from '@/lib/editor/notes';
import { completeLink, type Names, setNames, textLinks } from '@/lib/editor/textLinks';
import { setNotes, textNotes } from '@/lib/editor/textNotes';
import { textTheme } from '@/lib/editor/textTheme';
import { setVariables, textVars } from '@/lib/editor/textVars';
import styles from './text.module.css';

interface Props {
  text: Y.Text;
  awareness: Awareness;
  name: string;
  names: Names;
  /** Open notes on this text, and the one that is chosen. */
  notes: readonly EditComment[];
  activeNote: string | null;
  /** The variables that the story declares. */
  variables: ReadonlySet<string>;
  writable: boolean;
  onFollow: (name: string) => void;
  onNote: (id: string) => void;
}

/** How long a pause makes the next words another step of undo. */
const PAUSE_MS = 500;

/** What was written is undone passage by passage, also after another one was open in between. */
const histories = new WeakMap<Y.Text, Y.UndoManager>();

function historyOf(text: Y.Text): Y.UndoManager {
  const history = histories.get(text) ?? new Y.UndoManager(text, { captureTimeout: PAUSE_MS });
  histories.set(text, history);
  return history;
}

const writing = new Compartment();

/** The browser's own undo comes as input, which would reach the history. */
function refuse(event: Event): boolean {
  event.preventDefault();
  return true;
}

/** Without the right to write nothing reaches the text, be it by a key, by dropping or by undo. */
const mayWrite = (writable: boolean) => [
  EditorState.readOnly.of(!writable),
  EditorView.editable.of(writable),
  EditorView.contentAttributes.of(writable ? {} : { tabindex: '0', 'aria-readonly': 'true' }),
  writable
    ? keymap.of(yUndoManagerKeymap)
    : Prec.highest(EditorView.domEventHandlers({ beforeinput: refuse })),
];

/** The text of one passage, written by everybody who has it open. */
export function PassageText(props: Props) {
  const { text, awareness, names, variables, notes, activeNote, writable } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (!host.current) return;
    // In a shadow root CodeMirror adopts its style sheets, which the page's policy allows, and writes no <style>.
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const created = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text.toString(),
        extensions: [
          yCollab(text, null, { undoManager: historyOf(text) }),
          remoteCursors(text, awareness),
          textVars,
          textNotes(text, (id) => latest.current.onNote(id)),
          textLinks((target) => latest.current.onFollow(target)),
          autocompletion({ override: [completeLink], icons: false }),
          writing.of(mayWrite(latest.current.writable)),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            'aria-label': `Text of ${latest.current.name}`,
            spellcheck: 'true',
            autocapitalize: 'sentences',
          }),
          placeholder('Write here. [[Another passage]] makes a choice that leads there.'),
          textTheme,
        ],
      }),
    });
    created.dispatch({
      effects: [setNames.of(latest.current.names), setVariables.of(latest.current.variables)],
    });
    view.current = created;
    return () => {
      created.destroy();
      view.current = null;
    };
  }, [text, awareness]);

  useEffect(() => view.current?.dispatch({ effects: writing.reconfigure(mayWrite(writable)) }), [writable]);
  useEffect(() => view.current?.dispatch({ effects: setNames.of(names) }), [names]);
  useEffect(() => view.current?.dispatch({ effects: setVariables.of(variables) }), [variables]);
  useEffect(
    () => view.current?.dispatch({ effects: setNotes.of({ notes, active: activeNote }) }),
    [notes, activeNote],
  );
  useEffect(() => {
    const anchor = notes.find(({ id }) => id === activeNote)?.anchor;
    const place = anchor && placeOf(text, anchor);
    if (place) view.current?.dispatch({ effects: EditorView.scrollIntoView(place.from, { y: 'center' }) });
  }, [text, notes, activeNote]);
  return <div ref={host} className={styles.text} />;
}
