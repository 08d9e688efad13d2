'use client';

import type { DocVersion } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { keepVersion, listVersions, titleOf } from '@/lib/editor/versions';
import { dayOf } from '@/lib/time';
import { useCommand } from '@/lib/useCommand';
import { useLoaded } from '@/lib/useLoaded';
import { useNow } from '@/lib/useNow';
import { Alert } from '../Alert';
import { Avatar } from '../Avatar';
import { Note } from '../Note';
import type { PanelProps } from './panels';
import { VersionView } from './VersionView';
import styles from './versions.module.css';

/** What the story was at other times. */
export function Versions({ desk, onOpen }: PanelProps) {
  const { link } = useStorywire();
  const { storyId } = desk.provider;
  const load = useCallback(() => listVersions(link, storyId), [link, storyId]);
  const { value: versions, error, reload } = useLoaded(load);
  // With a release comes a version.
  useEffect(() => link.on('edit:published', reload), [link, reload]);
  const [shown, setShown] = useState<DocVersion | null>(null);
  const [done, setDone] = useState<string | null>(null);
  if (shown !== null) {
    return (
      <VersionView
        key={shown.id}
        desk={desk}
        version={shown}
        onOpen={onOpen}
        onBack={() => setShown(null)}
        onRestored={() => {
          setShown(null);
          setDone('Restored, for everybody. How it was before is kept here, too.');
          reload();
        }}
      />
    );
  }
  return (
    <>
      <Keep
        desk={desk}
        onKept={() => {
          setDone(null);
          reload();
        }}
      />
      {done ? (
        <p role="status" className={styles.done}>
          {done}
        </p>
      ) : null}
      {error ? (
        <Note title="The versions did not come." text={error} action="Try again" onAction={reload} />
      ) : null}
      {versions === null && error === null ? <p className={styles.faint}>Looking…</p> : null}
      {versions?.length === 0 ? (
        <p className={styles.faint}>
          None is kept yet. One comes by itself after ten minutes of writing, when the last person leaves, and
          before anything large.
        </p>
      ) : null}
      {versions ? <List versions={versions} onShow={setShown} /> : null}
    </>
  );
}

/** Keeps the story as it is under a name. */
function Keep({ desk, onKept }: Pick<PanelProps, 'desk'> & { onKept: () => void }) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const [label, setLabel] = useState('');
  const saved = desk.state.status === 'live' && desk.state.unsynced === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await keepVersion(link, desk.provider.storyId, label.trim());
      setLabel('');
      onKept();
    });
  };
  return (
    <form className={styles.keep} onSubmit={submit}>
      <input
        aria-label="Name of this version"
        placeholder="Name how it is now"
        value={label}
        maxLength={100}
        autoComplete="off"
        onChange={(event) => setLabel(event.target.value)}
      />
      <button
        type="submit"
        className="plain"
        disabled={busy || !saved || label.trim() === ''}
        title={saved ? undefined : 'Once all changes are saved'}
      >
        Keep
      </button>
      <Alert>{error}</Alert>
    </form>
  );
}

function List({
  versions,
  onShow,
}: {
  versions: readonly DocVersion[];
  onShow: (version: DocVersion) => void;
}) {
  const now = useNow();
  const days = new Map<string, DocVersion[]>();
  for (const version of versions) {
    const day = dayOf(version.createdAt, now);
    days.set(day, [...(days.get(day) ?? []), version]);
  }
  return [...days].map(([day, ofDay]) => (
    <section key={day} aria-label={day}>
      <h3 className={styles.day}>{day}</h3>
      <ol className={styles.list}>
        {ofDay.map((version) => (
          <li key={version.id}>
            <button type="button" onClick={() => onShow(version)}>
              <span className={styles.label} data-named={version.label !== '' || undefined}>
                {titleOf(version)}
              </span>
              <time dateTime={version.createdAt}>{hourOf(version)}</time>
              <By version={version} />
            </button>
          </li>
        ))}
      </ol>
    </section>
  ));
}

export function By({ version: { createdBy } }: { version: DocVersion }) {
  if (createdBy === null) return null;
  return (
    <span className={styles.by}>
      <Avatar person={createdBy} size={24} />
      {createdBy.display_name}
    </span>
  );
}

export const hourOf = ({ createdAt }: DocVersion): string =>
  new Date(createdAt).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
