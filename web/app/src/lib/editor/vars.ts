import { type Readable, Value } from '@storywire/client';
import * as Y from 'yjs';
import { DESK, type Fields, passagesOf, textOf, wordOf } from './content';
import { RESERVED, usesOf } from './varUses';

export type VarType = 'bool' | 'int' | 'string';
export type VarValue = boolean | number | string;
export type Scope = 'shared' | 'private';

/** A variable as the story declares it. */
export interface Variable {
  name: string;
  type: VarType;
  init: VarValue;
  scope: Scope;
  /** What its author says about it. */
  doc: string;
}

/** Letters of a name, as the server counts them, and of a text that a variable begins with. */
const LONGEST_NAME = 64;
const LONGEST_TEXT = 200;

const varsMap = (doc: Y.Doc): Y.Map<Fields> => doc.getMap('vars');

/** The declared variables by name, kept up to date while somebody listens. */
export function varsOf(doc: Y.Doc): Readable<readonly Variable[]> {
  const value = new Value<readonly Variable[]>(read(doc), () => {
    const look = () => value.set(read(doc));
    look();
    varsMap(doc).observeDeep(look);
    return () => varsMap(doc).unobserveDeep(look);
  });
  return value;
}

function read(doc: Y.Doc): readonly Variable[] {
  const list: Variable[] = [];
  for (const [name, fields] of varsMap(doc)) {
    if (!(fields instanceof Y.Map)) continue;
    const type = asType(fields.get('type'));
    list.push({
      name,
      type,
      init: asValue(type, fields.get('init')),
      scope: fields.get('scope') === 'private' ? 'private' : 'shared',
      doc: wordOf(fields, 'doc'),
    });
  }
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const asType = (type: unknown): VarType => (type === 'bool' || type === 'string' ? type : 'int');

/** The nearest value of a type. */
function asValue(type: VarType, value: unknown): VarValue {
  if (type === 'string') return typeof value === 'string' ? value : String(value ?? '');
  if (type === 'bool')
    return value === true || value === 'true' || (typeof value === 'number' && value !== 0);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : 0;
}

/** A value as it is typed; null for what is none of that type. */
export function parseValue(type: VarType, words: string): VarValue | null {
  if (type === 'string') return words.slice(0, LONGEST_TEXT);
  if (type === 'bool') return words === 'true';
  return /^[-+]?\d+$/.test(words) && Number.isSafeInteger(Number(words)) ? Number(words) : null;
}

/** Why a variable cannot have this name; null when it can. */
export function varNameProblem(name: string, taken: readonly Variable[]): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return 'A name has letters, digits and _, and begins with a letter.';
  if (name.length > LONGEST_NAME) return `A name has at most ${LONGEST_NAME} letters.`;
  if (RESERVED.has(name)) return `Expressions use the word “${name}” themselves.`;
  return taken.some((one) => one.name === name) ? `There is a variable $${name} already.` : null;
}

/** Declares a variable. */
export function addVariable(doc: Y.Doc, { name, type, init, scope, doc: words }: Variable): void {
  doc.transact(() => varsMap(doc).set(name, fieldsOf({ type, init, scope, doc: words })), DESK);
}

function fieldsOf(values: Omit<Variable, 'name'>): Fields {
  const fields: Fields = new Y.Map();
  for (const [key, value] of Object.entries(values)) fields.set(key, value);
  return fields;
}

/** Changes what is declared of a variable. Another type takes the nearest value along. */
export function changeVariable(doc: Y.Doc, name: string, change: Partial<Omit<Variable, 'name'>>): void {
  const fields = varsMap(doc).get(name);
  if (!(fields instanceof Y.Map)) return;
  doc.transact(() => {
    for (const [key, value] of Object.entries(change)) fields.set(key, value);
    if (change.type) fields.set('init', asValue(change.type, change.init ?? fields.get('init')));
  }, DESK);
}

export function removeVariable(doc: Y.Doc, name: string): void {
  doc.transact(() => varsMap(doc).delete(name), DESK);
}

/** Gives a variable another name, here and wherever it is used, in one step. */
export function renameVariable(doc: Y.Doc, variable: Variable, name: string): void {
  const { name: before, ...values } = variable;
  doc.transact(() => {
    varsMap(doc).set(name, fieldsOf(values));
    varsMap(doc).delete(before);
    for (const passage of passagesOf(doc).values()) {
      const body = textOf(passage);
      const text = body?.toString();
      if (!body || !text?.includes(before)) continue;
      // From the end: the positions before a change stay.
      for (const use of usesOf(text).reverse()) {
        if (use.name !== before) continue;
        body.delete(use.from, before.length);
        body.insert(use.from, name);
      }
    }
  }, DESK);
}

/** What a variable that is only used is likely to be: as the first assignment says. */
export function guessVariable(name: string, texts: Iterable<string>): Variable {
  for (const text of texts) {
    const set = new RegExp(`<<set\\s+\\$?${name}\\s*(?:=|to\\s)\\s*([^>]*)`).exec(text);
    const source = set?.[1]?.trim() ?? '';
    if (/^(true|false|not\b|!)/.test(source)) return { ...unknown(name), type: 'bool', init: false };
    if (/^["'`]/.test(source)) return { ...unknown(name), type: 'string', init: '' };
  }
  return unknown(name);
}

const unknown = (name: string): Variable => ({ name, type: 'int', init: 0, scope: 'shared', doc: '' });
