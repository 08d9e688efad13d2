import type { DocContent, DocDiff, DocPassageDiff, DocTextRun, DocVersion } from '@storywire/client';
import { asJson, ask, docPath, type Link } from './rest';

const versionPath = (storyId: string, { id }: DocVersion): string =>
  `${docPath(storyId)}/versions/${encodeURIComponent(id)}`;

/** The versions of a story, newest first. */
export async function listVersions(link: Link, storyId: string): Promise<readonly DocVersion[]> {
  return (await ask<{ items: DocVersion[] }>(link, `${docPath(storyId)}/versions`)).items;
}

/** Keeps what is stored now under a name. */
export const keepVersion = (link: Link, storyId: string, label: string): Promise<DocVersion> =>
  ask(link, `${docPath(storyId)}/versions`, asJson({ label }));

export const contentOf = (link: Link, storyId: string, { id }: DocVersion): Promise<DocContent> =>
  ask(link, `${docPath(storyId)}?version=${encodeURIComponent(id)}`);

export const diffOf = (link: Link, storyId: string, version: DocVersion): Promise<DocDiff> =>
  ask(link, `${versionPath(storyId, version)}/diff`);

/** Writes the story as it was then: an edit like any other. */
export const restore = (link: Link, storyId: string, version: DocVersion): Promise<unknown> =>
  ask(link, `${versionPath(storyId, version)}/restore`, { method: 'POST' });

const KINDS: Readonly<Record<DocVersion['kind'], string>> = {
  auto: 'While writing',
  named: 'Kept',
  publish: 'As published',
  restore: 'Before a restore',
  import: 'Before an import',
};

export const titleOf = ({ label, kind }: DocVersion): string => label || KINDS[kind];

/** How a passage has changed since a version. */
export interface Change {
  id: string;
  kind: 'new' | 'gone' | 'changed';
  name: string;
  /** Its name then, where it has another one now. */
  was: string | null;
  newTags: readonly string[];
  goneTags: readonly string[];
  /** From then to now: `-` is gone, `+` is new. */
  runs: readonly DocTextRun[];
}

/** The server tells what restoring would do; this is what happened since, which is the other way round. */
export function changesSince({ passages }: Pick<DocDiff, 'passages'>): readonly Change[] {
  return passages.map(changeOf);
}

function changeOf({ id, now, then, text }: DocPassageDiff): Change {
  const [newTags, goneTags] = [now?.tags ?? [], then?.tags ?? []];
  return {
    id,
    kind: then === null ? 'new' : now === null ? 'gone' : 'changed',
    name: (now ?? then)?.name ?? '',
    was: now && then && now.name !== then.name ? then.name : null,
    newTags: now && then ? newTags.filter((tag) => !goneTags.includes(tag)) : [],
    goneTags: now && then ? goneTags.filter((tag) => !newTags.includes(tag)) : [],
    runs: reversed(text),
  };
}

const OPPOSITE = { '+': '-', '-': '+', '=': '=' } as const;

/** The way back; what is gone stands before what came for it. */
function reversed(runs: readonly DocTextRun[]): readonly DocTextRun[] {
  const back: DocTextRun[] = [];
  for (const { op, text } of runs) {
    const run = { op: OPPOSITE[op], text };
    const last = back.at(-1);
    if (run.op === '-' && last?.op === '+') back.splice(-1, 0, run);
    else back.push(run);
  }
  return back;
}

/** Letters around a change that are shown with it. */
const AROUND = 60;

/** Long pieces that have not changed are cut to what stands next to a change. */
export function excerpt(runs: readonly DocTextRun[]): readonly DocTextRun[] {
  return runs.map(({ op, text }, i) => {
    if (op !== '=' || text.length <= 2 * AROUND) return { op, text };
    const before = i > 0 ? head(text) : '';
    const after = i < runs.length - 1 ? tail(text) : '';
    return { op, text: `${before} … ${after}`.trimStart() };
  });
}

const head = (text: string): string => text.slice(0, AROUND).replace(/\S*$/, '').trimEnd();
const tail = (text: string): string => text.slice(-AROUND).replace(/^\S*/, '').trimStart();

const FIELDS: Readonly<Record<string, string>> = {
  title: 'the title',
  start: 'where the story begins',
  lang: 'the language',
  tagColors: 'colours of tags',
  vars: 'variables',
};

/** What else has changed, as words. */
export function otherChanges({ fields }: Pick<DocDiff, 'fields'>): string | null {
  const words = fields.flatMap((field) => FIELDS[field] ?? []);
  if (words.length === 0) return null;
  return `Also changed: ${new Intl.ListFormat('en', { type: 'conjunction' }).format(words)}.`;
}

/** "2 passages changed, 1 new since then." */
export function summaryOf(changes: readonly Change[]): string {
  const of = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
  const [changed, added, gone] = [of('changed'), of('new'), of('gone')];
  const parts = [
    changed > 0 ? `${changed} ${changed === 1 ? 'passage' : 'passages'} changed` : '',
    added > 0 ? `${added} new` : '',
    gone > 0 ? `${gone} gone` : '',
  ].filter(Boolean);
  return parts.length === 0 ? 'No passage has changed since then.' : `${parts.join(', ')} since then.`;
}
