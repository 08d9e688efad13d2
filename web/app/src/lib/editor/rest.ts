import type { DocProblem, DocPublished, Storywire } from '@storywire/client';

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
