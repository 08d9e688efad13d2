'use client';

import { Redo2, Undo2 } from 'lucide-react';
import { useHistory } from '@/lib/editor/history';
import type { Desk } from '@/lib/editor/useDesk';
import list from './list.module.css';

/** Undoes and redoes what is done besides typing; the text has its own Ctrl-Z. */
export function UndoButtons({ desk: { doc, writable } }: { desk: Desk }) {
  const { canUndo, canRedo, undo, redo } = useHistory(doc, writable);
  if (!writable) return null;
  return (
    <>
      <button
        type="button"
        className={list.icon}
        aria-label="Undo"
        title="Undo names, tags, places and the trash (Ctrl Z outside of the text)"
        disabled={!canUndo}
        onClick={undo}
      >
        <Undo2 size={18} strokeWidth={1.5} aria-hidden="true" />
      </button>
      <button
        type="button"
        className={list.icon}
        aria-label="Redo"
        title="Redo (Ctrl Shift Z)"
        disabled={!canRedo}
        onClick={redo}
      >
        <Redo2 size={18} strokeWidth={1.5} aria-hidden="true" />
      </button>
    </>
  );
}
