'use client';

import { Flag, Trash2 } from 'lucide-react';
import { useMemo } from 'react';
import {
  beginAt,
  passagesOf,
  renamePassage,
  restorePassage,
  tagPassage,
  textOf,
  trashPassage,
} from '@/lib/editor/content';
import { nameProblem } from '@/lib/editor/links';
import type { Row } from '@/lib/editor/outline';
import type { Desk } from '@/lib/editor/useDesk';
import { Note } from '../Note';
import { DraftInput } from './DraftInput';
import { PassageText } from './PassageText';
import styles from './text.module.css';

interface Props {
  desk: Desk;
  passageId: string | null;
  onOpen: (id: string) => void;
  onFollow: (name: string) => void;
  onNote: (id: string) => void;
}

/** One passage: its name, tags, text, and where its links lead. */
export function PassageDesk({ desk, passageId, onOpen, onFollow, onNote }: Props) {
  const { outline, doc, state, writable } = desk;
  const row = passageId === null ? undefined : outline.byId.get(passageId);
  const { threads } = desk.noteList;
  const notes = useMemo(
    () =>
      threads.map(({ note }) => note).filter((one) => one.resolvedAt === null && one.passageId === passageId),
    [threads, passageId],
  );
  const declared = useMemo(() => new Set(desk.vars.map(({ name }) => name)), [desk.vars]);
  const text = row ? textOf(passagesOf(doc).get(row.id)) : null;
  if (!row || !text) {
    return <Note title="An empty page." text="Make the first passage with the plus above the list." />;
  }
  return (
    <article className={styles.passage} aria-label={row.name}>
      <PassageHead desk={desk} row={row} />
      {row.trashedAt !== null ? <Trashed desk={desk} row={row} /> : null}
      <PassageText
        text={text}
        awareness={state.awareness}
        name={row.name}
        names={outline.byName}
        variables={declared}
        notes={notes}
        activeNote={desk.noteList.active}
        onNote={onNote}
        writable={writable && row.trashedAt === null}
        onFollow={onFollow}
      />
      <Links row={row} desk={desk} onOpen={onOpen} onFollow={onFollow} />
    </article>
  );
}

function PassageHead({ desk, row }: { desk: Desk; row: Row }) {
  const { outline, doc, state, writable } = desk;
  const rename = (name: string): string | null => {
    const taken = outline.byName.get(name);
    if (taken !== undefined && taken !== row.id) return 'Another passage has this name.';
    const problem = nameProblem(name, state.limits?.name ?? 200);
    if (problem === null) renamePassage(doc, row.id, name);
    return problem;
  };
  const tag = (words: string): string | null => {
    const tags = [...new Set(words.split(/[\s,]+/).filter(Boolean))];
    const { tags: most = 32, tag: longest = 64 } = state.limits ?? {};
    if (tags.length > most) return `A passage has at most ${most} tags.`;
    if (tags.some((one) => one.length > longest)) return `A tag has at most ${longest} characters.`;
    tagPassage(doc, row.id, tags);
    return null;
  };
  const begins = row.id === outline.start;
  return (
    <header className={styles.head}>
      <DraftInput
        className={styles.name}
        label="Name of the passage"
        value={row.name}
        disabled={!writable}
        onCommit={rename}
      />
      <div className={styles.under}>
        <DraftInput
          className={styles.tags}
          label="Tags"
          placeholder="tags, such as end or timer:30"
          value={row.tags.join(' ')}
          disabled={!writable}
          onCommit={tag}
        />
        {begins ? (
          <span className={styles.begins}>
            <Flag size={15} strokeWidth={1.75} aria-hidden="true" />
            The story begins here
          </span>
        ) : null}
        {writable && !begins && row.trashedAt === null ? (
          <>
            <button type="button" className={styles.tool} onClick={() => beginAt(doc, row.id)}>
              <Flag size={15} strokeWidth={1.5} aria-hidden="true" />
              Begin here
            </button>
            <button type="button" className={styles.tool} onClick={() => trashPassage(doc, row.id)}>
              <Trash2 size={15} strokeWidth={1.5} aria-hidden="true" />
              To the trash
            </button>
          </>
        ) : null}
      </div>
    </header>
  );
}

function Trashed({ desk, row }: { desk: Desk; row: Row }) {
  return (
    <p className={styles.trashed} role="status">
      This passage is in the trash.
      {desk.writable ? (
        <button type="button" className="quiet" onClick={() => restorePassage(desk.doc, row.id)}>
          Take it out
        </button>
      ) : null}
    </p>
  );
}

/** Where one can go from here, and what comes here. A link to nothing makes its passage. */
function Links({
  row,
  desk,
  onOpen,
  onFollow,
}: { row: Row; desk: Desk } & Pick<Props, 'onOpen' | 'onFollow'>) {
  const { outline, writable } = desk;
  const from = outline.rows.filter(({ to }) => to.includes(row.name));
  if (row.to.length === 0 && from.length === 0) return null;
  return (
    <footer className={styles.links}>
      {row.to.length > 0 ? (
        <div>
          <h3>Leads to</h3>
          <ul>
            {row.to.map((name) => {
              const dead = !outline.byName.has(name);
              return (
                <li key={name}>
                  <button
                    type="button"
                    data-dead={dead || undefined}
                    disabled={dead && !writable}
                    onClick={() => onFollow(name)}
                  >
                    {dead ? `Create “${name}”` : name}
                  </button>
                </li>
              );
            })}
          </ul>
        </div>
      ) : null}
      {from.length > 0 ? (
        <div>
          <h3>Comes from</h3>
          <ul>
            {from.slice(0, 12).map(({ id, name }) => (
              <li key={id}>
                <button type="button" onClick={() => onOpen(id)}>
                  {name}
                </button>
              </li>
            ))}
            {from.length > 12 ? <li className={styles.others}>and {from.length - 12} more</li> : null}
          </ul>
        </div>
      ) : null}
    </footer>
  );
}
