'use client';

import { Flag, MessageSquare, Plus, Trash2 } from 'lucide-react';
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { restorePassage } from '@/lib/editor/content';
import { openNotes } from '@/lib/editor/notes';
import type { Row } from '@/lib/editor/outline';
import type { CoAuthor } from '@/lib/editor/people';
import type { Desk } from '@/lib/editor/useDesk';
import { useWindow } from '@/lib/editor/useWindow';
import styles from './list.module.css';

interface Props {
  desk: Desk;
  chosen: string | null;
  onOpen: (id: string) => void;
  onCreate: (name: string) => void;
}

/** All passages, however many: only those in view are in the page. */
export function PassageList({ desk, chosen, onOpen, onCreate }: Props) {
  const { outline, people, writable } = desk;
  const [wanted, setWanted] = useState('');
  const [showTrash, setShowTrash] = useState(false);
  const query = useDeferredValue(wanted.trim().toLowerCase());
  const all = showTrash ? outline.trash : outline.rows;
  const rows = useMemo(() => (query === '' ? all : all.filter((row) => matches(row, query))), [all, query]);
  const here = useMemo(() => byPassage(people), [people]);
  return (
    <section className={styles.list} aria-label="Passages">
      <div className={styles.tools}>
        <input
          type="search"
          aria-label="Find a passage"
          placeholder={`Find in ${all.length} ${all.length === 1 ? 'passage' : 'passages'}`}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        {writable ? (
          <button
            type="button"
            className={styles.icon}
            aria-label="New passage"
            title="New passage"
            onClick={() => onCreate(freshName(outline.byName))}
          >
            <Plus size={18} strokeWidth={1.5} aria-hidden="true" />
          </button>
        ) : null}
        <button
          type="button"
          className={styles.icon}
          aria-label="Trash"
          title={`Trash (${outline.trash.length})`}
          aria-pressed={showTrash}
          onClick={() => setShowTrash(!showTrash)}
        >
          <Trash2 size={18} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </div>
      {showTrash && all.length > 0 ? (
        <p className={styles.none}>What lies here for 30 days is deleted for good.</p>
      ) : null}
      {rows.length === 0 ? <p className={styles.none}>{emptyWords(query, showTrash)}</p> : null}
      <Rows rows={rows} desk={desk} here={here} chosen={chosen} trash={showTrash} onOpen={onOpen} />
    </section>
  );
}

function byPassage(people: readonly CoAuthor[]): ReadonlyMap<string | null, readonly CoAuthor[]> {
  const groups = new Map<string | null, CoAuthor[]>();
  for (const person of people)
    groups.set(person.passageId, [...(groups.get(person.passageId) ?? []), person]);
  return groups;
}

const matches = ({ name, tags }: Row, query: string): boolean =>
  name.toLowerCase().includes(query) || tags.some((tag) => tag.toLowerCase().includes(query));

function emptyWords(query: string, trash: boolean): string {
  if (query !== '') return `Nothing is called “${query}”.`;
  return trash ? 'The trash is empty.' : 'There is no passage yet.';
}

function freshName(taken: ReadonlyMap<string, string>): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'New passage' : `New passage ${n}`;
    if (!taken.has(name)) return name;
  }
}

/** Pixels: list.module.css has the same. */
const ROW = 48;

interface RowsProps {
  rows: readonly Row[];
  desk: Desk;
  here: ReadonlyMap<string | null, readonly CoAuthor[]>;
  chosen: string | null;
  trash: boolean;
  onOpen: (id: string) => void;
}

function Rows({ rows, desk, here, chosen, trash, onOpen }: RowsProps) {
  const { outline, doc, writable, noteList } = desk;
  const notes = useMemo(() => openNotes(noteList.threads), [noteList.threads]);
  const box = useRef<HTMLDivElement>(null);
  const { first, last, reveal } = useWindow(box, ROW, rows.length);
  const at = rows.findIndex(({ id }) => id === chosen);
  useEffect(() => {
    if (at >= 0) reveal(at);
  }, [at, reveal]);
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[event.key];
    if (by === undefined || trash) return;
    event.preventDefault();
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) onOpen(next.id);
  };
  return (
    <div
      className={styles.scroll}
      ref={box}
      onKeyDown={step}
      role="listbox"
      aria-label="Passages"
      tabIndex={0}
    >
      <div style={{ height: rows.length * ROW }} className={styles.whole}>
        {rows.slice(first, last).map((row, i) => (
          <div
            key={row.id}
            role="option"
            tabIndex={-1}
            aria-selected={row.id === chosen}
            aria-setsize={rows.length}
            aria-posinset={first + i + 1}
            className={styles.row}
            style={{ transform: `translateY(${(first + i) * ROW}px)` }}
            onClick={() => onOpen(row.id)}
            onKeyDown={undefined}
          >
            <RowWords row={row} outline={outline} />
            <NoteCount count={notes.get(row.id) ?? 0} />
            <Faces people={here.get(row.id) ?? []} />
            {trash && writable ? (
              <button type="button" className="quiet" onClick={() => restorePassage(doc, row.id)}>
                Restore
              </button>
            ) : null}
          </div>
        ))}
      </div>
    </div>
  );
}

function RowWords({ row, outline }: { row: Row; outline: Desk['outline'] }) {
  const dead = row.to.filter((name) => !outline.byName.has(name)).length;
  return (
    <span className={styles.words}>
      <span className={styles.name}>
        {row.id === outline.start ? (
          <Flag size={13} strokeWidth={1.75} role="img" aria-label="Begins here" className={styles.flag} />
        ) : null}
        {row.name || 'Without a name'}
      </span>
      <span className={styles.about}>
        {dead > 0 ? (
          <span className={styles.dead}>{dead === 1 ? '1 dead link' : `${dead} dead links`}</span>
        ) : null}
        {row.tags.length > 0 ? <span className={styles.tags}>{row.tags.join(' · ')}</span> : null}
      </span>
    </span>
  );
}

function NoteCount({ count }: { count: number }) {
  if (count === 0) return null;
  const words = count === 1 ? '1 note' : `${count} notes`;
  return (
    <span className={styles.notes} role="img" aria-label={words} title={words}>
      <MessageSquare size={13} strokeWidth={1.5} aria-hidden="true" />
      {count}
    </span>
  );
}

function Faces({ people }: { people: readonly CoAuthor[] }) {
  return (
    <span className={styles.faces}>
      {people.slice(0, 3).map(({ client, name, color }) => (
        <span
          key={client}
          className={styles.dot}
          style={{ backgroundColor: color }}
          role="img"
          aria-label={`${name} is here`}
          title={`${name} is here`}
        >
          {name.slice(0, 1)}
        </span>
      ))}
    </span>
  );
}
