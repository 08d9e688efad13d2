'use client';

import { useStorywire } from '@storywire/client/react';
import { X } from 'lucide-react';
import { useRef, useState } from 'react';
import { type Problem, publishDoc } from '@/lib/editor/rest';
import type { Desk } from '@/lib/editor/useDesk';
import { asMessage } from '@/lib/message';
import { storyPath } from '@/lib/route';
import { Alert } from '../Alert';
import dialogStyles from '../dialog.module.css';
import { To } from '../To';
import { Problems } from './Problems';

type Outcome = { no: number | null; problems: readonly Problem[] };

/** Makes what is written what others read and play. */
export function Publish({ desk, onOpen }: { desk: Desk; onOpen: (id: string) => void }) {
  const { link } = useStorywire();
  const { storyId } = desk.provider;
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [error, setError] = useState<string | null>(null);
  const ready = desk.state.status === 'live' && desk.state.unsynced === 0;
  const publish = async () => {
    setBusy(true);
    setError(null);
    try {
      const { release, problems } = await publishDoc(link, storyId);
      setOutcome({ no: release?.no ?? null, problems });
    } catch (thrown) {
      setOutcome(null);
      setError(asMessage(thrown));
    }
    setBusy(false);
    dialog.current?.showModal();
  };
  const close = () => dialog.current?.close();
  return (
    <>
      <button
        type="button"
        className="primary"
        disabled={busy || !ready}
        title={ready ? 'Publish' : 'Once all changes are saved'}
        onClick={publish}
      >
        {busy ? 'Publishing…' : 'Publish'}
      </button>
      <dialog ref={dialog} className={dialogStyles.dialog} aria-labelledby="published">
        <div className={dialogStyles.head}>
          <h2 id="published">{headline(outcome)}</h2>
          <button type="button" className={dialogStyles.close} aria-label="Close" onClick={close}>
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </button>
        </div>
        <Alert>{error}</Alert>
        {outcome?.no ? (
          <p>
            Readers and parties that begin now have this one.{' '}
            <To href={storyPath(storyId)} className="link">
              Read or play it
            </To>
          </p>
        ) : null}
        {outcome ? (
          <Problems
            problems={outcome.problems}
            onOpen={(id) => {
              close();
              onOpen(id);
            }}
          />
        ) : null}
      </dialog>
    </>
  );
}

function headline(outcome: Outcome | null): string {
  if (outcome === null) return 'It could not be published';
  return outcome.no === null ? 'Not published yet' : `Release ${outcome.no} is published`;
}
