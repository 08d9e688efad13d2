import type { DocProblem, DocPublished, DocVersion, Storywire } from '@storywire/client';

export type Problem = DocProblem;

/** Makes a release of what is stored. Throws a StorywireError; `release` is null where a problem is an error. */
export async function publishDoc(link: Storywire['link'], storyId: string): Promise<DocPublished> {
  const response = await link.fetch(`/v1/docs/${encodeURIComponent(storyId)}/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  return response.json();
}

/** The versions of a story, newest first. Throws a StorywireError. */
export async function listVersions(link: Storywire['link'], storyId: string): Promise<readonly DocVersion[]> {
  const response = await link.fetch(`/v1/docs/${encodeURIComponent(storyId)}/versions`);
  return (await response.json()).items;
}
