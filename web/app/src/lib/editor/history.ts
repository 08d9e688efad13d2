import { useEffect, useMemo, useState } from 'react';
import * as Y from 'yjs';
import { inField } from '../keys';
import { DESK, passagesOf, storyOf } from './content';

/** One history for each document, also after the desk was closed and opened again. */
const histories = new WeakMap<Y.Doc, Y.UndoManager>();

/**
 * What this person has done besides typing: names, tags, places, the trash, where the story begins, variables.
 * Each step is undone by itself, and only where nobody has changed the same thing since.
 */
export function historyOf(doc: Y.Doc): Y.UndoManager {
  const known = histories.get(doc);
  if (known) return known;
  const scope = [storyOf(doc), passagesOf(doc), doc.getMap('vars')];
  const history = new Y.UndoManager(scope, { trackedOrigins: new Set([DESK]), captureTimeout: 0 });
  histories.set(doc, history);
  return history;
}

export interface History {
  canUndo: boolean;
  canRedo: boolean;
  undo: () => void;
  redo: () => void;
}

/** The history of a document for buttons, and for Ctrl-Z and Ctrl-Shift-Z outside of any field. */
export function useHistory(doc: Y.Doc, writable: boolean): History {
  const history = useMemo(() => historyOf(doc), [doc]);
  const [, setTurn] = useState(0);
  useEffect(() => {
    const changed = () => setTurn((n) => n + 1);
    const events = ['stack-item-added', 'stack-item-popped', 'stack-cleared'] as const;
    for (const event of events) history.on(event, changed);
    return () => {
      for (const event of events) history.off(event, changed);
    };
  }, [history]);
  useEffect(() => {
    if (!writable) return;
    const pressed = (event: KeyboardEvent) => {
      const step = stepOf(event);
      if (step === null || inField(event)) return;
      event.preventDefault();
      history[step]();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [history, writable]);
  return {
    canUndo: writable && history.canUndo(),
    canRedo: writable && history.canRedo(),
    undo: () => history.undo(),
    redo: () => history.redo(),
  };
}

function stepOf({
  key,
  ctrlKey,
  metaKey,
  shiftKey,
  altKey,
  defaultPrevented,
}: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(ctrlKey || metaKey) || altKey || defaultPrevented) return null;
  if (key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo';
  return key === 'y' && !shiftKey ? 'redo' : null;
}
