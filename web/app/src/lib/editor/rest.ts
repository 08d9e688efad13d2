import type { DocProblem, DocPublished, Storywire } from '@storywire/client';

export type Problem = DocProblem;
export type Link = Storywire['link'];

export const docPath = (storyId: string): string => `/v1/docs/${encodeURIComponent(storyId)}`;

export const asJson = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/** What the server answers; throws a StorywireError. */
export async function ask<T>(link: Link, path: string, init?: RequestInit): Promise<T> {
  return (await link.fetch(path, init)).json();
}

/** Makes a release of what is stored. Throws a StorywireError; `release` is null where a problem is an error. */
export function publishDoc(link: Link, storyId: string): Promise<DocPublished> {
  return ask(link, `${docPath(storyId)}/publish`, asJson({}));
}
