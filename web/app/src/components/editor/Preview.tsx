'use client';

import type { DocPreview, DocPreviewAsk, DocPreviewChoice, DocPreviewVar } from '@storywire/client';
import { useReadable, useStorywire } from '@storywire/client/react';
import { ArrowLeft, CornerDownRight, PenLine, RotateCcw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { paragraphsOf } from '@/lib/editor/paragraphs';
import { Previewer } from '@/lib/editor/preview';
import { Alert } from '../Alert';
import type { PanelProps } from './panels';
import styles from './preview.module.css';
import { ValueField } from './ValueField';

type Values = NonNullable<DocPreviewAsk['vars']>;

/** Plays the story from the passage on the desk, as it stands. It follows the desk until the first choice. */
export function Preview({ desk, passageId, onOpen }: PanelProps) {
  const { link } = useStorywire();
  const { provider, state, outline } = desk;
  const [begun, setBegun] = useState<string | null>(null);
  const [choices, setChoices] = useState<readonly DocPreviewChoice[]>([]);
  const [vars, setVars] = useState<Values>({});
  const [role, setRole] = useState('');
  const from = choices.length > 0 && begun ? begun : (passageId ?? '');
  const live = state.status === 'live';
  const [previewer] = useState(() => new Previewer(link, provider));
  const { view, trouble } = useReadable(previewer.shown);
  useEffect(() => previewer.ask({ from, vars, role, choices: [...choices] }));
  const go = (next: readonly DocPreviewChoice[]) => {
    setBegun(from);
    setChoices(next);
  };
  if (passageId === null) return <p className={styles.quiet}>There is nothing to play yet.</p>;
  const here = outline.byId.get(passageId);
  return (
    <div className={styles.preview}>
      <div className={styles.tools}>
        <button type="button" disabled={choices.length === 0} onClick={() => go(choices.slice(0, -1))}>
          <ArrowLeft size={16} strokeWidth={1.5} aria-hidden="true" />
          Back
        </button>
        <button type="button" disabled={choices.length === 0} onClick={() => go([])}>
          <RotateCcw size={16} strokeWidth={1.5} aria-hidden="true" />
          Restart
        </button>
        {choices.length > 0 && here && passageId !== view?.passageId ? (
          <button
            type="button"
            onClick={() => {
              setBegun(passageId);
              setChoices([]);
            }}
          >
            <CornerDownRight size={16} strokeWidth={1.5} aria-hidden="true" />
            Play from here
          </button>
        ) : null}
      </div>
      {live ? null : (
        <p role="status" className={styles.quiet}>
          The server plays the preview. It goes on when there is a connection.
        </p>
      )}
      <Alert>{live && trouble}</Alert>
      {view ? (
        <Scene
          view={view}
          stale={!live || trouble !== null}
          missed={choices.length - view.taken}
          onOpen={onOpen}
          onChoose={(choice) => go([...choices.slice(0, view.taken), choice])}
        />
      ) : null}
      {view && view.vars.length > 0 ? (
        <Vars
          vars={view.vars}
          set={vars}
          onSet={(name, value) => setVars({ ...vars, [name]: value })}
          onReset={() => setVars({})}
        />
      ) : null}
      {view && view.roles.length > 1 ? (
        <label className={styles.role}>
          <span>Play as</span>
          <select value={view.role} onChange={(event) => setRole(event.target.value)}>
            {view.roles.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      ) : null}
    </div>
  );
}

interface SceneProps {
  view: DocPreview;
  stale: boolean;
  /** Choices that are not there any more. */
  missed: number;
  onOpen: (id: string) => void;
  onChoose: (choice: DocPreviewChoice) => void;
}

/** The passage where the preview stands. */
function Scene({ view, stale, missed, onOpen, onChoose }: SceneProps) {
  const { passageId, name, path, options, problems, notes } = view;
  const way = path.slice(0, -1);
  return (
    <article className={styles.scene} data-stale={stale || undefined} aria-label={`Preview of ${name}`}>
      {way.length > 0 ? (
        <ol className={styles.way} aria-label="The way here">
          {way.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the way only grows.
            <li key={index}>
              <button type="button" onClick={() => onOpen(step.passageId)} title={`Edit ${step.name}`}>
                {step.name}
              </button>
              {step.label && step.label !== path[index + 1]?.name ? <span>{step.label}</span> : null}
            </li>
          ))}
        </ol>
      ) : null}
      <header className={styles.head}>
        <h3>{name}</h3>
        <button type="button" onClick={() => onOpen(passageId)}>
          <PenLine size={15} strokeWidth={1.5} aria-hidden="true" />
          Edit this passage
        </button>
      </header>
      {missed > 0 ? (
        <p role="status" className={styles.quiet}>
          The way you took has changed: it goes no further than here.
        </p>
      ) : null}
      {problems.length > 0 || notes.length > 0 ? (
        <ul className={styles.notes}>
          {problems.map(({ code, line, message, severity }) => (
            <li key={`${code} ${line} ${message}`} data-severity={severity}>
              {message}
            </li>
          ))}
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      ) : null}
      <Text view={view} />
      {options.length > 0 ? (
        <ul className={styles.options} aria-label="Choices">
          {options.map(({ id, label, to, who }) => (
            <li key={id}>
              <button type="button" disabled={stale} onClick={() => onChoose({ option: id, to })}>
                {label}
                {who ? <span className={styles.who}>{whoWords(who)}</span> : null}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <p className={styles.quiet}>{endWords(view)}</p>
    </article>
  );
}

function endWords({ loops, ended }: DocPreview): string {
  if (loops) return 'From here the story goes in a circle without a choice.';
  return ended ? 'The story ends here.' : '';
}

const whoWords = (who: string): string =>
  who === 'turn' ? 'whose turn it is' : who === 'host' ? 'the host' : `the ${who.replace(/^role:/, '')}`;

function Text({ view }: { view: DocPreview }) {
  const paragraphs = paragraphsOf(view.text);
  if (paragraphs.length === 0) return <p className={styles.quiet}>Nothing is written here yet.</p>;
  return (
    <div className={styles.text}>
      {/* biome-ignore-start lint/suspicious/noArrayIndexKey: pieces have no other name. */}
      {paragraphs.map((pieces, index) => (
        <p key={index}>
          {pieces.map(({ text, mistake }, at) =>
            mistake ? (
              <mark key={at} className={styles.mistake} title={`Line ${mistake.line}`}>
                {mistake.message}
              </mark>
            ) : (
              <span key={at}>{text}</span>
            ),
          )}
        </p>
      ))}
      {/* biome-ignore-end lint/suspicious/noArrayIndexKey: pieces have no other name. */}
    </div>
  );
}

/** What the variables are now, and what they are to be at the beginning. */
function Vars({
  vars,
  set,
  onSet,
  onReset,
}: {
  vars: readonly DocPreviewVar[];
  set: Values;
  onSet: (name: string, value: Values[string]) => void;
  onReset: () => void;
}) {
  return (
    <details className={styles.vars}>
      <summary>Variables</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Begins as</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {vars.map(({ name, type, init, value }) => (
            <tr key={name} data-set={name in set || undefined}>
              <th scope="row">${name}</th>
              <td>
                <ValueField
                  label={`$${name} begins as`}
                  type={type}
                  value={init}
                  onCommit={(next) => onSet(name, next)}
                />
              </td>
              <td data-changed={value !== init || undefined}>{String(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {Object.keys(set).length > 0 ? (
        <button type="button" className="quiet" onClick={onReset}>
          As the story has them
        </button>
      ) : null}
    </details>
  );
}
