'use client';

import type { PartyDeadline, PlayOption, PlayView, StoryParty, User } from '@storywire/client';
import { useEffect, useRef } from 'react';
import { onKey } from '@/lib/keys';
import { awaited, people, turnWords, userOf } from '@/lib/party';
import { useCommand } from '@/lib/useCommand';
import styles from './choices.module.css';
import { Faces } from './PartyFaces';
import { SecondsLeft } from './PartyTimer';

interface Props {
  view: PlayView;
  party: StoryParty;
  me: string;
  pending: string | null;
  audience: Readonly<Record<string, number>>;
  deadline: PartyDeadline | null;
}

/** What the viewer may do with an option now. */
type Act = 'choose' | 'suggest' | 'none';

/** What can be chosen in this passage: by pointer, by number key, with who chose what. */
export function PartyChoices({ view, party, me, pending, audience, deadline }: Props) {
  const { error, run } = useCommand();
  const { round, settings } = view;
  const advises = view.me.spectator && settings.audience !== 'off';
  const actOf = (id: string): Act => {
    if (view.status !== 'playing') return 'none';
    if (advises || view.me.canChoose.includes(id)) return 'choose';
    return view.me.canSuggest ? 'suggest' : 'none';
  };
  const take = (id: string) => {
    const act = actOf(id);
    if (act === 'choose') void run(() => party.choose(id));
    else if (act === 'suggest') void run(() => party.suggest(id));
  };
  const options = round?.options ?? [];
  useNumberKeys((place) => {
    const option = options[place - 1];
    if (option) take(option.id);
  });
  if (round === null || options.length === 0) return null;
  const chosen = pending ?? view.me.vote;
  return (
    <section className={styles.choices} aria-label="Choices">
      <p className={styles.turn} role="status">
        {advises ? 'You are watching: say what you would do.' : turnWords(view, me)}
      </p>
      <ol className={styles.list}>
        {options.map((option, i) => (
          <Choice
            key={option.id}
            place={i + 1}
            option={option}
            act={actOf(option.id)}
            state={stateOf(option.id, chosen, pending)}
            out={round.tied.length > 0 && !round.tied.includes(option.id)}
            tally={tallyOf(view, option.id, audience)}
            onTake={() => take(option.id)}
          />
        ))}
      </ol>
      <p className={styles.below}>
        <span>{error ?? waiting(view, me)}</span>
        <SecondsLeft deadline={deadline} />
      </p>
    </section>
  );
}

function useNumberKeys(take: (place: number) => void): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const stops = Array.from({ length: 9 }, (_, i) => onKey(String(i + 1), () => latest.current(i + 1)));
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
}

type State = 'chosen' | 'sending' | 'open';

function stateOf(id: string, chosen: string | null, pending: string | null): State {
  if (id !== chosen) return 'open';
  return pending === null ? 'chosen' : 'sending';
}

interface Tally {
  voters: User[];
  advisers: User[];
  count: number | null;
  watchers: number;
  /** Of all who may vote, from 0 to 1. */
  share: number;
}

function tallyOf(view: PlayView, id: string, audience: Props['audience']): Tally {
  const { votes, round, suggestions } = view;
  const usersOf = (by: Record<string, string>) =>
    Object.entries(by).flatMap(([user, option]) => (option === id ? (userOf(view, user) ?? []) : []));
  const count = votes.counts === null ? null : (votes.counts[id] ?? 0);
  return {
    voters: usersOf(votes.by ?? {}),
    advisers: usersOf(suggestions),
    count,
    watchers: audience[id] ?? 0,
    share: (count ?? 0) / Math.max(1, round?.eligible.length ?? 1),
  };
}

/** Who the vote waits for, or what becomes of the viewer's own. */
function waiting(view: PlayView, me: string): string {
  const { round, settings } = view;
  if (round === null || (round.mode !== 'majority' && round.mode !== 'unanimous')) return '';
  const left = awaited(view);
  if (left.length === 0 || settings.maxPlayers === 1) return '';
  const others = left.filter(({ id }) => id !== me);
  if (view.votes.voted.length === 0) return '';
  if (others.length === left.length) return `Waiting for ${people(others)}.`;
  return others.length === 0
    ? 'All others have chosen.'
    : `${view.votes.voted.length} of ${round.eligible.length} have chosen.`;
}

interface ChoiceProps {
  place: number;
  option: PlayOption;
  act: Act;
  state: State;
  /** Not in the second vote. */
  out: boolean;
  tally: Tally;
  onTake: () => void;
}

function Choice({ place, option, act, state, out, tally, onTake }: ChoiceProps) {
  const fill = useRef<HTMLSpanElement>(null);
  const { voters, advisers, count, watchers, share } = tally;
  useEffect(() => {
    if (fill.current) fill.current.style.transform = `scaleX(${share})`;
  }, [share]);
  return (
    <li>
      <button
        type="button"
        className={styles.choice}
        data-state={state}
        data-act={act}
        data-out={out || undefined}
        aria-pressed={state !== 'open'}
        disabled={act === 'none'}
        onClick={onTake}
      >
        <span ref={fill} className={styles.fill} aria-hidden="true" />
        <span className={styles.key} aria-hidden="true">
          {place}
        </span>
        <span className={styles.label}>
          {option.label}
          {option.who?.startsWith('role:') ? <span className={styles.who}>{option.who.slice(5)}</span> : null}
        </span>
        <span className={styles.tally}>
          <Faces users={voters} />
          {count !== null && count > voters.length ? <span className={styles.count}>{count}</span> : null}
          {advisers.length > 0 ? <Faces users={advisers} light /> : null}
          {watchers > 0 ? <span className={styles.count}>{`${watchers} watching`}</span> : null}
        </span>
      </button>
    </li>
  );
}
