'use client';

import type { DocImported } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { download } from '@/lib/editor/download';
import { exportDraft, FORMATS, type Format, fileNameOf, importInto } from '@/lib/editor/files';
import { useCommand } from '@/lib/useCommand';
import { Alert } from '../Alert';
import { FilePick } from './FilePick';
import styles from './files.module.css';
import { Problems } from './Problems';
import type { PanelProps } from './panels';

/** The story as a file, and a file as the story. */
export function Files({ desk, onOpen }: PanelProps) {
  return (
    <div className={styles.files}>
      <Export desk={desk} />
      <Import desk={desk} onOpen={onOpen} />
    </div>
  );
}

function Export({ desk }: Pick<PanelProps, 'desk'>) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const take = (format: Format) =>
    run(async () => {
      const text = await exportDraft(link, desk.provider.storyId, format);
      download(fileNameOf(desk.outline.title, format), text);
    });
  return (
    <section aria-label="Export">
      <h3>Take it with you</h3>
      <p>
        The story as it is saved now, without the trash. Twine and other tools for Twee read these files, and
        so does this desk.
      </p>
      <div className={styles.formats}>
        {FORMATS.map((format) => (
          <button
            key={format.id}
            type="button"
            className="plain"
            disabled={busy}
            onClick={() => void take(format)}
          >
            <Download size={18} strokeWidth={1.5} aria-hidden="true" />
            {format.words}
          </button>
        ))}
      </div>
      <Alert>{error}</Alert>
    </section>
  );
}

function Import({ desk, onOpen }: Pick<PanelProps, 'desk' | 'onOpen'>) {
  const { link } = useStorywire();
  const { busy, error, run } = useCommand();
  const [file, setFile] = useState<File | null>(null);
  const [outcome, setOutcome] = useState<(DocImported & { name: string }) | null>(null);
  const ready = desk.state.status === 'live' && desk.state.unsynced === 0;
  const go = (chosen: File) =>
    run(async () => {
      setOutcome(null);
      setOutcome({ ...(await importInto(link, desk.provider.storyId, chosen)), name: chosen.name });
      setFile(null);
    });
  const failed = outcome?.problems.some(({ severity }) => severity === 'error');
  return (
    <section aria-label="Import">
      <h3>Bring a file</h3>
      <p>
        A Twee 3 or Twine 2 JSON file takes the place of all that is written here, for everybody. A passage
        with the same name stays that passage, one that the file does not have goes to the trash, and how it
        is now is kept as a version.
      </p>
      <FilePick
        label="Choose a file"
        file={file}
        onFile={(chosen) => {
          setFile(chosen);
          setOutcome(null);
        }}
      />
      {file ? (
        <button
          type="button"
          className="primary"
          disabled={busy || !ready}
          title={ready ? undefined : 'Once all changes are saved'}
          onClick={() => void go(file)}
        >
          {busy ? 'Reading…' : 'Replace what is written'}
        </button>
      ) : null}
      <Alert>{error}</Alert>
      {outcome ? (
        <p role="status" className={styles.done}>
          {failed
            ? `Nothing was changed: ${outcome.name} has to be mended first.`
            : `${outcome.name} is what is written here now.`}
        </p>
      ) : null}
      {outcome ? (
        <div className={styles.narrow}>
          <Problems problems={outcome.problems} onOpen={failed ? undefined : onOpen} />
        </div>
      ) : null}
    </section>
  );
}
