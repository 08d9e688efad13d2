'use client';

import type { PlayMap, PlayView, StoryParty } from '@storywire/client';
import { useParty, useStorywire } from '@storywire/client/react';
import { RotateCcw } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { decisionWords, partyPath, seatsOf } from '@/lib/party';
import { navigate, storyPath } from '@/lib/route';
import { useCommand } from '@/lib/useCommand';
import { useTurnedPage } from '@/lib/useTurnedPage';
import { Note } from './Note';
import { PartyChat } from './PartyChat';
import { SeatFace } from './PartyFaces';
import { PartyMap } from './PartyMap';
import { PartyPath } from './PartyPath';
import { Prose } from './Prose';
import styles from './party.module.css';
import story from './story.module.css';
import { To } from './To';

interface Props {
  view: PlayView;
  party: StoryParty;
  me: string;
}

/** The last passage, and then the whole of the story to look back on. */
export function PartyEnd({ view, party, me }: Props) {
  const { decision } = useParty(view.sessionId);
  const { round } = view;
  const alone = view.settings.maxPlayers === 1;
  const heading = useRef<HTMLHeadingElement>(null);
  useTurnedPage(heading, round?.round ?? 0, true);
  if (round === null) {
    return (
      <main id="content" tabIndex={-1} className={styles.door}>
        <Note title="This party ended before the story began." text={view.title} />
        <To href={storyPath(view.storyId)} className="link">
          To the story
        </To>
      </main>
    );
  }
  return (
    <main id="content" tabIndex={-1} className={story.page} data-alone={alone || undefined}>
      <div className={styles.column}>
        <article className={styles.passage}>
          <p className={styles.eyebrow}>
            <To href={storyPath(view.storyId)}>{view.title}</To>
            {decision && decision.round === round.round - 1 ? (
              <span className={styles.decision}>{decisionWords(decision)}</span>
            ) : null}
          </p>
          <h1 ref={heading} tabIndex={-1} className={styles.title}>
            {round.name}
          </h1>
          <Prose text={round.text} />
        </article>
        <Afterwards view={view} party={party} me={me} />
        <Reached view={view} />
        <section aria-labelledby="way" className={styles.section}>
          <h2 id="way">The way you went</h2>
          <PartyPath view={view} party={null} />
        </section>
      </div>
      {alone ? null : (
        <div className={story.margin}>
          <ul className={styles.table} aria-label="Players">
            {seatsOf(view).map((seat) => (
              <li key={seat.no}>
                <SeatFace seat={seat} size={32} />
                <span className={styles.player}>
                  {seat.user.id === me ? 'You' : seat.user.display_name.split(' ')[0]}
                </span>
              </li>
            ))}
          </ul>
          <PartyChat id={view.sessionId} />
        </div>
      )}
    </main>
  );
}

/** Once more, or on to something else. */
function Afterwards({ view, party, me }: Props) {
  const { busy, error, run } = useCommand();
  const { parties } = useStorywire();
  const again = () =>
    run(async () => {
      const next = await party.rematch();
      // Alone there is nobody to wait for.
      if (view.settings.maxPlayers === 1) await parties.party(next).start(true);
      navigate(partyPath(next));
    });
  const words = view.reason === 'host' ? 'The host ended the party here.' : 'The end.';
  return (
    <div className={styles.after} role="status">
      <p>{error ?? words}</p>
      {view.rematch ? (
        <To href={partyPath(view.rematch)} className="primary">
          Come along to the next party
        </To>
      ) : null}
      {view.rematch === null && view.host === me ? (
        <button type="button" className="primary" disabled={busy} onClick={() => void again()}>
          <RotateCcw size={18} strokeWidth={1.5} aria-hidden="true" />
          Play again
        </button>
      ) : null}
      <To href={storyPath(view.storyId)} className="plain">
        To the story
      </To>
    </div>
  );
}

/** How much of the story was seen, and where the rest lies. */
function Reached({ view }: { view: PlayView }) {
  const { parties } = useStorywire();
  const [map, setMap] = useState<PlayMap | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    parties.map(view.sessionId, abort.signal).then(setMap, () => {
      if (!abort.signal.aborted) setFailed(true);
    });
    return () => abort.abort();
  }, [parties, view.sessionId]);
  if (failed) return <p className={styles.hint}>The map of the story could not be fetched.</p>;
  if (map === null) return <div className={styles.mapWaits} aria-hidden="true" />;
  const seen = map.passages.filter(({ visited }) => visited > 0);
  const ends = map.passages.filter((passage) => passage.ends);
  const found = ends.filter(({ visited }) => visited > 0).length;
  return (
    <section aria-labelledby="map" className={styles.section}>
      <h2 id="map">The map of the story</h2>
      <p className={styles.hint}>
        You saw {seen.length} of {map.passages.length} passages
        {found > 0 ? ` and ${found === 1 ? 'one' : found} of ${ends.length} endings.` : '.'}
      </p>
      <PartyMap map={map} path={view.path} />
    </section>
  );
}
