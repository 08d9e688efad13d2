import type { DocImported, StoryImported } from '@storywire/client';
import { ask, docPath, type Link } from './rest';

/** The formats that a draft is written in. */
export const FORMATS = [
  { id: 'twee', words: 'Twee 3', extension: 'twee' },
  { id: 'twine', words: 'Twine 2 (JSON)', extension: 'json' },
] as const;

export type Format = (typeof FORMATS)[number];

/** What a file is chosen by. */
export const ACCEPT = '.twee,.tw,.txt,.json';

/** The draft as it is stored, as a file's text. */
export async function exportDraft(link: Link, storyId: string, { id }: Format): Promise<string> {
  return (await link.fetch(`${docPath(storyId)}/export?format=${id}`)).text();
}

const asItIs = (file: File): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: file,
});

/** Puts a file in the place of what is written; with a problem that is an error nothing is changed. */
export const importInto = (link: Link, storyId: string, file: File): Promise<DocImported> =>
  ask(link, `${docPath(storyId)}/import?${new URLSearchParams({ name: file.name })}`, asItIs(file));

export interface NewDraft {
  title: string;
  synopsis: string;
  visibility: 'public' | 'private';
}

/** Makes a story of a file; with a problem that is an error none. The same `key` makes it once. */
export function importNew(link: Link, draft: NewDraft, file: File, key: string): Promise<StoryImported> {
  const request = asItIs(file);
  const headers = { ...request.headers, 'Idempotency-Key': key };
  return ask(link, `/v1/docs:import?${new URLSearchParams({ name: file.name, ...draft })}`, {
    ...request,
    headers,
  });
}

/** The title that a file gives its story, or its own name. */
export function titleIn(name: string, text: string): string {
  return (written(text) ?? name.replace(/\.[^.]*$/, '')).trim();
}

function written(text: string): string | null {
  const body = text.replace(/^\ufeff/, '');
  if (!body.trimStart().startsWith('{')) return /^::[ \t]*StoryTitle\b.*\r?\n(.+)/m.exec(body)?.[1] ?? null;
  try {
    const { name } = JSON.parse(body);
    return typeof name === 'string' && name !== '' ? name : null;
  } catch {
    return null; // the server says what is wrong with it
  }
}

/** A name for the file of a story. */
export function fileNameOf(title: string, { extension }: Format): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  return `${plain || 'story'}.${extension}`;
}
