'use client';

import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import { passagesOf, textOf } from '@/lib/editor/content';
import type { Row } from '@/lib/editor/outline';
import {
  addVariable,
  changeVariable,
  guessVariable,
  removeVariable,
  renameVariable,
  type Scope,
  type Variable,
  type VarType,
  varNameProblem,
} from '@/lib/editor/vars';
import { Alert } from '../Alert';
import { DraftInput } from './DraftInput';
import type { PanelProps } from './panels';
import { ValueField } from './ValueField';
import styles from './variables.module.css';

type Uses = ReadonlyMap<string, readonly Row[]>;

/** What the story remembers while it is played: declared variables, where they are used, and those that are only used. */
export function Variables({ desk, onOpen }: PanelProps) {
  const { vars, outline, doc, writable, state } = desk;
  const uses = useMemo(() => usesBy(outline.rows), [outline.rows]);
  const undeclared = [...uses.keys()].filter((name) => !vars.some((one) => one.name === name)).sort();
  const full = vars.length >= (state.limits?.vars ?? 500);
  const declare = (name: string) => {
    const rows = uses.get(name) ?? [];
    addVariable(
      doc,
      guessVariable(
        name,
        rows.map(({ id }) => textOf(passagesOf(doc).get(id))?.toString() ?? ''),
      ),
    );
  };
  return (
    <div className={styles.panel}>
      {writable && !full ? <NewVariable taken={vars} onAdd={(name) => declare(name)} /> : null}
      {full ? <p className={styles.quiet}>A story has at most {vars.length} variables.</p> : null}
      {undeclared.length > 0 ? (
        <section aria-label="Not declared">
          <h3>Used, but not declared</h3>
          <ul className={styles.unknown}>
            {undeclared.map((name) => (
              <li key={name}>
                <strong>${name}</strong>
                {writable && !full && varNameProblem(name, vars) === null ? (
                  <button type="button" className="quiet" onClick={() => declare(name)}>
                    Declare
                  </button>
                ) : null}
                <Where rows={uses.get(name) ?? []} onOpen={onOpen} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {vars.length === 0 && undeclared.length === 0 ? (
        <p className={styles.quiet}>
          A variable is something that the story remembers: write <code>{'<<set $gold = 3>>'}</code>, show it
          as <code>$gold</code>, ask for it with <code>{'<<if gold > 2>>'}</code>.
        </p>
      ) : null}
      <ul className={styles.list} aria-label="Variables">
        {vars.map((variable) => (
          <li key={variable.name}>
            <One variable={variable} desk={desk} rows={uses.get(variable.name) ?? []} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function usesBy(rows: readonly Row[]): Uses {
  const by = new Map<string, Row[]>();
  for (const row of rows) {
    for (const name of row.uses) by.set(name, [...(by.get(name) ?? []), row]);
  }
  return by;
}

function NewVariable({ taken, onAdd }: { taken: readonly Variable[]; onAdd: (name: string) => void }) {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const words = name.trim().replace(/^\$/, '');
    const refused = varNameProblem(words, taken);
    setProblem(refused);
    if (refused !== null) return;
    onAdd(words);
    setName('');
  };
  return (
    <form className={styles.add} onSubmit={submit}>
      <input
        aria-label="Name of a new variable"
        placeholder="New variable"
        value={name}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" disabled={name.trim() === ''}>
        <Plus size={16} strokeWidth={1.5} aria-hidden="true" />
        Add
      </button>
      <Alert>{problem}</Alert>
    </form>
  );
}

interface OneProps extends Pick<PanelProps, 'desk' | 'onOpen'> {
  variable: Variable;
  rows: readonly Row[];
}

function One({ variable, desk, rows, onOpen }: OneProps) {
  const { doc, writable, vars } = desk;
  const { name, type, init, scope, doc: about } = variable;
  const rename = (words: string): string | null => {
    const next = words.replace(/^\$/, '');
    const problem = next === name ? null : varNameProblem(next, vars);
    if (problem === null && next !== name) renameVariable(doc, variable, next);
    return problem;
  };
  return (
    <article aria-label={`$${name}`} className={styles.variable}>
      <div className={styles.name}>
        <span aria-hidden="true">$</span>
        <DraftInput label={`Name of $${name}`} value={name} disabled={!writable} onCommit={rename} />
        {writable ? (
          <button
            type="button"
            className={styles.icon}
            aria-label={`Remove $${name}`}
            title={`Remove $${name}`}
            onClick={() => removeVariable(doc, name)}
          >
            <Trash2 size={16} strokeWidth={1.5} aria-hidden="true" />
          </button>
        ) : null}
      </div>
      <div className={styles.fields}>
        <label>
          <span>Is</span>
          <select
            aria-label={`Type of $${name}`}
            value={type}
            disabled={!writable}
            onChange={(event) => changeVariable(doc, name, { type: event.target.value as VarType })}
          >
            <option value="int">a number</option>
            <option value="bool">true/false</option>
            <option value="string">a text</option>
          </select>
        </label>
        <div className={styles.begins}>
          <span>Begins as</span>
          <ValueField
            label={`$${name} begins as`}
            type={type}
            value={init}
            disabled={!writable}
            onCommit={(next) => changeVariable(doc, name, { init: next })}
          />
        </div>
        <label>
          <span>Belongs to</span>
          <select
            aria-label={`Whose $${name} is`}
            value={scope}
            disabled={!writable}
            onChange={(event) => changeVariable(doc, name, { scope: event.target.value as Scope })}
          >
            <option value="shared">all players</option>
            <option value="private">each player</option>
          </select>
        </label>
      </div>
      {about || writable ? (
        <DraftInput
          className={styles.about}
          label={`What $${name} is for`}
          placeholder="What it is for"
          value={about}
          disabled={!writable}
          maxLength={1000}
          onCommit={(words) => {
            changeVariable(doc, name, { doc: words });
            return null;
          }}
        />
      ) : null}
      <Where rows={rows} onOpen={onOpen} />
    </article>
  );
}

/** More passages than this are a number. */
const NAMED = 6;

function Where({ rows, onOpen }: { rows: readonly Row[]; onOpen: (id: string) => void }) {
  const [all, setAll] = useState(false);
  if (rows.length === 0) return <p className={styles.quiet}>Used nowhere.</p>;
  const shown = all ? rows : rows.slice(0, NAMED);
  return (
    <ul className={styles.where} aria-label="Used in">
      {shown.map(({ id, name }) => (
        <li key={id}>
          <button type="button" onClick={() => onOpen(id)}>
            {name || 'Without a name'}
          </button>
        </li>
      ))}
      {shown.length < rows.length ? (
        <li>
          <button type="button" onClick={() => setAll(true)}>
            and {rows.length - shown.length} more
          </button>
        </li>
      ) : null}
    </ul>
  );
}
