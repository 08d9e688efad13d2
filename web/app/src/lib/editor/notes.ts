import {
  type EditAnchor,
  type EditComment,
  newNonce,
  type Readable,
  type Role,
  type Storywire,
  StorywireError,
  Value,
} from '@storywire/client';
import type { StoryDoc } from '@storywire/client/edit';
import { mayWrite } from '@storywire/client/edit';
import * as Y from 'yjs';

/** A note with its replies, oldest first. */
export interface NoteThread {
  note: EditComment;
  replies: readonly EditComment[];
}

export interface NotesState {
  threads: readonly NoteThread[];
  /** Whether the list has come. */
  loaded: boolean;
  /** The one that was chosen, in the text or in the list. */
  active: string | null;
}

/** Letters of a note, and of the words that it quotes. */
export const LONGEST_NOTE = 2000;
const LONGEST_QUOTE = 500;

/** Roles that see notes and write them. */
export const mayNote = (role: Role): boolean => role === 'commenter' || mayWrite(role);

/** The notes of a story, in step with everybody's while somebody listens. */
export class StoryNotes {
  readonly state: Readable<NotesState>;
  #state: Value<NotesState>;
  #link: Storywire['link'];
  #provider: StoryDoc;
  #all = new Map<string, EditComment>();

  constructor(link: Storywire['link'], provider: StoryDoc) {
    this.#link = link;
    this.#provider = provider;
    this.#state = new Value<NotesState>({ threads: [], loaded: false, active: null }, () => this.#start());
    this.state = this.#state;
  }

  /** Writes a note on a passage, or on a piece of its text. Throws a StorywireError. */
  async add(passageId: string, text: string, anchor: EditAnchor | null): Promise<void> {
    const note = { storyId: this.#provider.storyId, cmdId: newNonce(), passageId, text };
    const stored = await this.#link.ask('edit:comment:add', anchor ? { ...note, anchor } : note);
    this.#took([stored]);
    this.choose(stored.id);
  }

  async reply(parentId: string, text: string): Promise<void> {
    const { storyId } = this.#provider;
    this.#took([await this.#link.ask('edit:comment:reply', { storyId, cmdId: newNonce(), parentId, text })]);
  }

  async resolve(commentId: string, resolved: boolean): Promise<void> {
    const { storyId } = this.#provider;
    this.#took([await this.#link.ask('edit:comment:resolve', { storyId, commentId, resolved })]);
  }

  choose(active: string | null): void {
    this.#state.update((state) => ({ ...state, active }));
  }

  #start(): () => void {
    let seen: string | null = null;
    const look = () => {
      const { status, role } = this.#provider.state.get();
      const now = status === 'live' && mayNote(role) ? 'live' : null;
      // What was said while there was no connection is in the list.
      if (now !== null && seen === null) void this.#load();
      seen = now;
    };
    const stops = [
      this.#link.on('edit:comment', (note) => {
        if (note.storyId === this.#provider.storyId) this.#took([note]);
      }),
      this.#provider.state.subscribe(look),
    ];
    look();
    return () => {
      for (const stop of stops) stop();
    };
  }

  async #load(): Promise<void> {
    try {
      const path = `/v1/docs/${encodeURIComponent(this.#provider.storyId)}/comments`;
      const { items } = await (await this.#link.fetch(path)).json();
      this.#took(items);
      this.#state.update((state) => ({ ...state, loaded: true }));
    } catch (thrown) {
      if (!(thrown instanceof StorywireError)) throw thrown; // the next connection tries again
    }
  }

  #took(notes: readonly EditComment[]): void {
    for (const note of notes) this.#all.set(note.id, note);
    const threads = threadsOf(this.#all.values());
    this.#state.update((state) => ({ ...state, threads }));
  }
}

/** Notes with their replies below them, the oldest first. */
export function threadsOf(notes: Iterable<EditComment>): readonly NoteThread[] {
  const sorted = [...notes].sort((a, b) =>
    a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.id < b.id) ? -1 : 1,
  );
  const replies = new Map<string, EditComment[]>();
  for (const note of sorted) {
    if (note.parentId === null) continue;
    replies.set(note.parentId, [...(replies.get(note.parentId) ?? []), note]);
  }
  return sorted
    .filter(({ parentId }) => parentId === null)
    .map((note) => ({ note, replies: replies.get(note.id) ?? [] }));
}

/** How many notes of each passage are open. */
export function openNotes(threads: readonly NoteThread[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { note } of threads) {
    if (note.resolvedAt === null) counts.set(note.passageId, (counts.get(note.passageId) ?? 0) + 1);
  }
  return counts;
}

/** Names a piece of a text so that it is found again after others have written around it. */
export function anchorOf(text: Y.Text, from: number, to: number): EditAnchor {
  // What is written at its ends does not belong to it.
  const at = (index: number, assoc: number) =>
    encode(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, index, assoc)));
  const quote = Array.from(text.toString().slice(from, to)).slice(0, LONGEST_QUOTE).join('');
  return { start: at(from, 0), end: at(to, -1), quote };
}

/** Where in a text an anchor is now; null where all of it has been deleted. */
export function placeOf(text: Y.Text, anchor: EditAnchor): { from: number; to: number } | null {
  const from = indexOf(text, anchor.start);
  const to = indexOf(text, anchor.end);
  return from !== null && to !== null && from < to ? { from, to } : null;
}

function indexOf(text: Y.Text, position: string): number | null {
  if (!text.doc) return null;
  try {
    const found = Y.createAbsolutePositionFromRelativePosition(
      Y.decodeRelativePosition(decode(position)),
      text.doc,
    );
    return found?.type === text ? found.index : null;
  } catch {
    return null; // another client wrote what is no position
  }
}

const encode = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const decode = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
