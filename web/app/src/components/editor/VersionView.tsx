'use client';

import type { DocContent, DocDiff, DocPassage, DocVersion } from '@storywire/client';
import { useSession, useStorywire } from '@storywire/client/react';
import { ArrowLeft } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import {
  type Change,
  changesSince,
  contentOf,
  diffOf,
  excerpt,
  otherChanges,
  restore,
  summaryOf,
  titleOf,
} from '@/lib/editor/versions';
import { dayOf } from '@/lib/time';
import { useCommand } from '@/lib/useCommand';
import { useLoaded } from '@/lib/useLoaded';
import { useNow } from '@/lib/useNow';
import { Alert } from '../Alert';
import { Note } from '../Note';
import type { PanelProps } from './panels';
import { By, hourOf } from './Versions';
import styles from './versions.module.css';

interface Props extends Pick<PanelProps, 'desk' | 'onOpen'> {
  version: DocVersion;
  onBack: () => void;
  onRestored: () => void;
}

/** changes: what happened since then. text: the story as it was. */
type Look = 'changes' | 'text';

const LOOKS = [
  ['changes', 'Changed since'],
  ['text', 'As it was'],
] as const;

/** One version: what has changed since, how it was, and the way back to it. */
export function VersionView({ desk, version, onOpen, onBack, onRestored }: Props) {
  const [look, setLook] = useState<Look>('changes');
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus({ preventScroll: true }), []);
  const { storyId } = desk.provider;
  return (
    <>
      <button ref={back} type="button" className={styles.back} onClick={onBack}>
        <ArrowLeft size={16} strokeWidth={1.5} aria-hidden="true" />
        All versions
      </button>
      <Heading version={version} />
      <Restore desk={desk} version={version} onRestored={onRestored} />
      <fieldset className={styles.looks} aria-label="Show">
        {LOOKS.map(([id, words]) => (
          <button key={id} type="button" aria-pressed={look === id} onClick={() => setLook(id)}>
            {words}
          </button>
        ))}
      </fieldset>
      {look === 'changes' ? (
        <Changes storyId={storyId} version={version} desk={desk} onOpen={onOpen} />
      ) : (
        <AsItWas storyId={storyId} version={version} />
      )}
    </>
  );
}

function Heading({ version }: { version: DocVersion }) {
  const now = useNow();
  return (
    <header className={styles.heading}>
      <h3>{titleOf(version)}</h3>
      <p>
        <time dateTime={version.createdAt}>
          {dayOf(version.createdAt, now)}, {hourOf(version)}
        </time>
        <By version={version} />
      </p>
    </header>
  );
}

/** Asks once more: everybody who has the story open sees what it does. */
function Restore({ desk, version, onRestored }: Pick<Props, 'desk' | 'version' | 'onRestored'>) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const [asking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) yes.current?.focus();
  }, [asking]);
  const live = desk.state.status === 'live';
  const self = useSession()?.user.id;
  const others = new Set(desk.people.map(({ id }) => id).filter((id) => id !== self)).size;
  const go = () =>
    run(async () => {
      await restore(link, desk.provider.storyId, version);
      onRestored();
    });
  if (!asking) {
    return (
      <button type="button" className="plain" disabled={!live} onClick={() => setAsking(true)}>
        Restore this version
      </button>
    );
  }
  return (
    <div className={styles.confirm} role="alertdialog" aria-label="Restore this version?">
      <p>
        The story becomes what it was then, for everybody.{' '}
        {others > 0 ? `${others === 1 ? 'Somebody else is' : `${others} others are`} writing now. ` : ''}
        How it is now is kept as a version first.
      </p>
      <div>
        <button
          ref={yes}
          type="button"
          className="primary"
          disabled={busy || !live}
          onClick={() => void go()}
        >
          {busy ? 'Restoring…' : 'Restore'}
        </button>
        <button type="button" className="quiet" disabled={busy} onClick={() => setAsking(false)}>
          Keep it as it is
        </button>
      </div>
      <Alert>{error}</Alert>
    </div>
  );
}

function Changes({
  storyId,
  version,
  desk,
  onOpen,
}: Pick<Props, 'version' | 'desk' | 'onOpen'> & { storyId: string }) {
  const { link } = useStorywire();
  const load = useCallback(() => diffOf(link, storyId, version), [link, storyId, version]);
  const { value: diff, error, reload } = useLoaded<DocDiff>(load);
  if (error)
    return <Note title="It could not be compared." text={error} action="Try again" onAction={reload} />;
  if (diff === null) return <p className={styles.faint}>Comparing…</p>;
  const changes = changesSince(diff);
  return (
    <>
      <p className={styles.faint}>{summaryOf(changes)}</p>
      {diff.fields.length > 0 ? <p className={styles.faint}>{otherChanges(diff)}</p> : null}
      {changes.length > 0 ? (
        <ul className={styles.changes} aria-label="Changed passages">
          {changes.map((change) => (
            <li key={change.id}>
              <ChangedPassage
                change={change}
                onOpen={desk.outline.byId.has(change.id) ? onOpen : undefined}
              />
            </li>
          ))}
        </ul>
      ) : null}
    </>
  );
}

const KINDS = { new: 'new', gone: 'gone', changed: '' } as const;

function ChangedPassage({ change, onOpen }: { change: Change; onOpen: Props['onOpen'] | undefined }) {
  const { id, kind, name, was, newTags, goneTags, runs } = change;
  const words = name || 'Without a name';
  return (
    <article aria-label={words}>
      <h4>
        {onOpen ? (
          <button type="button" onClick={() => onOpen(id)}>
            {words}
          </button>
        ) : (
          words
        )}
        {kind === 'changed' ? null : (
          <span className={styles.kind} data-kind={kind}>
            {KINDS[kind]}
          </span>
        )}
      </h4>
      {was === null ? null : <p className={styles.aside}>It was called “{was}”.</p>}
      {newTags.length + goneTags.length > 0 ? (
        <p className={styles.aside}>
          Tags: <del>{goneTags.join(' ')}</del> <ins>{newTags.join(' ')}</ins>
        </p>
      ) : null}
      {runs.some(({ op }) => op !== '=') ? (
        <p className={styles.words}>
          {excerpt(runs).map(({ op, text }, i) => {
            const Word = ({ '+': 'ins', '-': 'del', '=': 'span' } as const)[op];
            // biome-ignore lint/suspicious/noArrayIndexKey: a comparison does not change.
            return <Word key={i}>{text}</Word>;
          })}
        </p>
      ) : null}
    </article>
  );
}

function AsItWas({ storyId, version }: { storyId: string; version: DocVersion }) {
  const { link } = useStorywire();
  const load = useCallback(() => contentOf(link, storyId, version), [link, storyId, version]);
  const { value: content, error, reload } = useLoaded<DocContent>(load);
  if (error)
    return <Note title="It could not be opened." text={error} action="Try again" onAction={reload} />;
  if (content === null) return <p className={styles.faint}>Opening…</p>;
  const passages = content.passages.filter(({ trashedAt }) => trashedAt === null).sort(inReadingOrder);
  return (
    <>
      <p className={styles.faint}>
        “{content.title}”, {passages.length} {passages.length === 1 ? 'passage' : 'passages'}
      </p>
      <ul className={styles.passages} aria-label="Passages then">
        {passages.map((passage) => (
          <li key={passage.id}>
            <Then passage={passage} open={passage.id === content.start} />
          </li>
        ))}
      </ul>
    </>
  );
}

const inReadingOrder = ({ pos: a }: DocPassage, { pos: b }: DocPassage): number =>
  (a[1] ?? 0) - (b[1] ?? 0) || (a[0] ?? 0) - (b[0] ?? 0);

function Then({ passage: { name, tags, body }, open }: { passage: DocPassage; open: boolean }) {
  const [shown, setShown] = useState(open);
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{name || 'Without a name'}</summary>
      {shown && tags.length > 0 ? <p className={styles.aside}>{tags.join(' · ')}</p> : null}
      {shown ? <p className={styles.words}>{body || 'Nothing was written here.'}</p> : null}
    </details>
  );
}
