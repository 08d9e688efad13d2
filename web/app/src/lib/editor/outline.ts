import { type Readable, Value } from '@storywire/client';
import type * as Y from 'yjs';
import { DESK, type Fields, type Place, passagesOf, storyOf, textOf, wordOf } from './content';
import { targetsOf } from './links';
import { varNamesOf } from './varUses';

/** A passage without its text. The object stays the same until something of it changes. */
export interface Row {
  id: string;
  name: string;
  tags: readonly string[];
  pos: Place;
  trashedAt: number | null;
  /** Names that its text leads to. */
  to: readonly string[];
  /** Names of variables that its text reads, shows or sets. */
  uses: readonly string[];
}

export interface Outline {
  title: string;
  start: string;
  /** In the order in which one reads the map: by rows, from the left. */
  rows: readonly Row[];
  trash: readonly Row[];
  /** Ids by name, of what is not in the trash. */
  byName: ReadonlyMap<string, string>;
  byId: ReadonlyMap<string, Row>;
}

/** Changes are gathered for so long: less than one notices. */
const GATHER_MS = 40;

/** What a document holds besides its texts, kept up to date while somebody listens. */
export function outlineOf(doc: Y.Doc): Readable<Outline> {
  const known = new Map<string, Row>();
  const value = new Value<Outline>(read(doc, known, null, null), () => {
    let changed: Set<string> | null = null; // something may have happened while nobody listened
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      value.set(read(doc, known, changed, value.get()));
      changed = new Set();
    };
    // What is done here besides typing is seen at once.
    const soon = (_: unknown, { origin }: Y.Transaction) => {
      if (origin === DESK) flush();
      else timer ??= setTimeout(flush, GATHER_MS);
    };
    const passages = (events: Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction) => {
      for (const event of events) {
        const [id] = event.path;
        if (typeof id === 'string') changed?.add(id);
        else for (const key of event.changes.keys.keys()) changed?.add(key);
      }
      soon(events, transaction);
    };
    flush();
    passagesOf(doc).observeDeep(passages);
    storyOf(doc).observe(soon);
    return () => {
      clearTimeout(timer);
      passagesOf(doc).unobserveDeep(passages);
      storyOf(doc).unobserve(soon);
    };
  });
  return value;
}

/**
 * Reads the passages that changed, all for null, and takes the others from `known`. Typing seldom changes an
 * outline: then it is the same one.
 */
function read(
  doc: Y.Doc,
  known: Map<string, Row>,
  changed: ReadonlySet<string> | null,
  before: Outline | null,
): Outline {
  const passages = passagesOf(doc);
  let same = true;
  for (const id of changed ?? new Set([...known.keys(), ...passages.keys()])) {
    const passage = passages.get(id);
    const was = known.get(id);
    const row = passage && rowOf(id, passage, was);
    if (row) known.set(id, row);
    else known.delete(id);
    same &&= row === was;
  }
  const story = storyOf(doc);
  const title = wordOf(story, 'title');
  const start = wordOf(story, 'start');
  if (before && same) {
    return before.title === title && before.start === start ? before : { ...before, title, start };
  }
  const all = [...known.values()].sort(inReadingOrder);
  const rows = all.filter(({ trashedAt }) => trashedAt === null);
  const trash = all.filter(({ trashedAt }) => trashedAt !== null);
  trash.sort((a, b) => (b.trashedAt ?? 0) - (a.trashedAt ?? 0));
  return { title, start, rows, trash, byName: namesOf(rows, before), byId: new Map(known) };
}

/** Ids by name; the same map where no name has changed. */
function namesOf(rows: readonly Row[], before: Outline | null): ReadonlyMap<string, string> {
  const byName = new Map(rows.map(({ name, id }) => [name, id]));
  if (before?.byName.size !== byName.size) return byName;
  for (const [name, id] of byName) {
    if (before.byName.get(name) !== id) return byName;
  }
  return before.byName;
}

function inReadingOrder(a: Row, b: Row): number {
  return a.pos[1] - b.pos[1] || a.pos[0] - b.pos[0] || (a.id < b.id ? -1 : 1);
}

function rowOf(id: string, passage: Fields, before: Row | undefined): Row {
  const tags = passage.get('tags');
  const pos = passage.get('pos');
  const trashedAt = passage.get('trashedAt');
  const text = textOf(passage)?.toString() ?? '';
  const row: Row = {
    id,
    name: wordOf(passage, 'name'),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    pos: Array.isArray(pos) ? [Number(pos[0]) || 0, Number(pos[1]) || 0] : [0, 0],
    trashedAt: typeof trashedAt === 'number' ? trashedAt : null,
    to: targetsOf(text),
    uses: varNamesOf(text),
  };
  return before && JSON.stringify(before) === JSON.stringify(row) ? before : row;
}
