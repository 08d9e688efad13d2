'use client';

import { PLAY_LIMITS, type PlaySettings, type PlaySettingsChange } from '@storywire/client';
import { useState } from 'react';
import { MODES, timeWords } from '@/lib/party';
import styles from './settings.module.css';

const LIVE_TIMES = [0, 30, 60, 120, 300];
const MAIL_TIMES = [0, 3_600, 86_400, 259_200, 604_800];

/** The settings that a form holds. */
export function settingsOf(form: HTMLFormElement): PlaySettingsChange {
  const fields = new FormData(form);
  const text = (name: string) => String(fields.get(name) ?? '');
  return {
    mode: text('mode') as PlaySettings['mode'],
    pace: text('pace') as PlaySettings['pace'],
    timerSec: Number(text('timerSec')),
    votes: text('votes') as PlaySettings['votes'],
    tie: text('tie') as PlaySettings['tie'],
    lateJoin: text('lateJoin') as PlaySettings['lateJoin'],
    audience: text('audience') as PlaySettings['audience'],
    maxPlayers: Number(text('maxPlayers')),
  };
}

/** How a party plays: the way to decide first, the rest where it is looked for. */
export function SettingsFields({ settings }: { settings: PlaySettings }) {
  const [pace, setPace] = useState(settings.pace);
  const times = pace === 'live' ? LIVE_TIMES : MAIL_TIMES;
  const known = times.includes(settings.timerSec) ? times : [...times, settings.timerSec];
  return (
    <>
      <fieldset className={styles.modes}>
        <legend>How the party decides</legend>
        {MODES.map(({ mode, name, rule }) => (
          <label key={mode} className={styles.mode}>
            <input type="radio" name="mode" value={mode} defaultChecked={settings.mode === mode} />
            <span className={styles.name}>{name}</span>
            <span className={styles.rule}>{rule}</span>
          </label>
        ))}
      </fieldset>
      <div className={styles.pair}>
        <label>
          Pace
          <select
            name="pace"
            value={pace}
            onChange={(event) => setPace(event.target.value === 'mail' ? 'mail' : 'live')}
          >
            <option value="live">All together, now</option>
            <option value="mail">By mail, whenever one can</option>
          </select>
        </label>
        <label key={pace}>
          Time for each choice
          <select name="timerSec" defaultValue={pace === settings.pace ? settings.timerSec : 0}>
            {known.map((seconds) => (
              <option key={seconds} value={seconds}>
                {timeWords(seconds) ?? 'No limit'}
              </option>
            ))}
          </select>
        </label>
      </div>
      <details className={styles.more}>
        <summary>More settings</summary>
        <div className={styles.grid}>
          <Choice name="votes" label="Votes" value={settings.votes} options={VOTES} />
          <Choice name="tie" label="When a vote is tied" value={settings.tie} options={TIE} />
          <Choice name="lateJoin" label="Who comes late" value={settings.lateJoin} options={LATE} />
          <Choice name="audience" label="Who watches" value={settings.audience} options={AUDIENCE} />
          <label>
            Seats
            <input
              name="maxPlayers"
              type="number"
              min={1}
              max={PLAY_LIMITS.seats}
              defaultValue={settings.maxPlayers}
            />
          </label>
        </div>
      </details>
    </>
  );
}

type Options = readonly (readonly [value: string, label: string])[];

const VOTES: Options = [
  ['open', 'Everybody sees who chose what'],
  ['counts', 'Only how many'],
  ['hidden', 'Secret until the end'],
];
const TIE: Options = [
  ['revote', 'Vote once more'],
  ['host', 'The host decides'],
  ['random', 'Leave it to chance'],
];
const LATE: Options = [
  ['seat', 'May play along'],
  ['spectator', 'May watch'],
  ['deny', 'Stays outside'],
];
const AUDIENCE: Options = [
  ['off', 'Only watches'],
  ['advice', 'Gives advice'],
  ['oneSeat', 'Has one vote together'],
];

interface ChoiceProps {
  name: string;
  label: string;
  value: string;
  options: Options;
}

function Choice({ name, label, value, options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name} defaultValue={value}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
