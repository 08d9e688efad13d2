import type { Readable } from '@storywire/client';
import { mayWrite, StoryDoc, type StoryDocState } from '@storywire/client/edit';
import { useReadable, useStorywire } from '@storywire/client/react';
import { useEffect, useMemo, useState } from 'react';
import type * as Y from 'yjs';
import { type NotesState, StoryNotes } from './notes';
import { type Outline, outlineOf } from './outline';
import { type CoAuthor, peopleOf } from './people';
import { type Variable, varsOf } from './vars';

/** Everything that the parts of the desk share. */
export interface Desk {
  provider: StoryDoc;
  state: StoryDocState;
  doc: Y.Doc;
  outline: Outline;
  people: readonly CoAuthor[];
  notes: StoryNotes;
  noteList: NotesState;
  /** Declared variables, by name. */
  vars: readonly Variable[];
  /** Whether this person may write now. */
  writable: boolean;
}

/** The document of a story, open while mounted. */
export function useDesk(storyId: string): Desk {
  const storywire = useStorywire();
  const [provider] = useState(() => new StoryDoc(storywire, storyId));
  useEffect(() => provider.hold(), [provider]);
  const [notes] = useState(() => new StoryNotes(storywire.link, provider));
  const state = useReadable(provider.state);
  const outline: Readable<Outline> = useMemo(() => outlineOf(state.doc), [state.doc]);
  const vars = useMemo(() => varsOf(state.doc), [state.doc]);
  const people = useMemo(() => peopleOf(state.awareness), [state.awareness]);
  return {
    provider,
    state,
    doc: state.doc,
    outline: useReadable(outline),
    people: useReadable(people),
    vars: useReadable(vars),
    notes,
    noteList: useReadable(notes.state),
    writable: mayWrite(state.role) && state.status !== 'refused',
  };
}
