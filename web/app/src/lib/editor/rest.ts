import type {
  DocDiff,
  DocImported,
  DocProblem,
  DocPublished,
  DocVersion,
  EditComment,
  Invitation,
  Role,
  Storywire,
} from '@storywire/client';

export type Problem = DocProblem;

/** The requests about one document. All throw a StorywireError. */
export function docRest(link: Storywire['link'], storyId: string) {
  const base = `/v1/docs/${encodeURIComponent(storyId)}`;
  const get = async <T>(path: string): Promise<T> => (await link.fetch(base + path)).json();
  const post = async <T>(path: string, body: unknown): Promise<T> => {
    const headers = { 'Content-Type': 'application/json' };
    return (await link.fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  return {
    publish: () => post<DocPublished>('/publish', {}),
    notes: async () => (await get<{ items: EditComment[] }>('/comments')).items,
    versions: async () => (await get<{ items: DocVersion[] }>('/versions')).items,
    nameVersion: (label: string) => post<DocVersion>('/versions', { label }),
    diff: (version: string) => get<DocDiff>(`/versions/${encodeURIComponent(version)}/diff`),
    restore: (version: string) =>
      post<{ seq: number }>(`/versions/${encodeURIComponent(version)}/restore`, {}),
    invitations: async () => (await get<{ items: Invitation[] }>('/invitations')).items,
    invite: (role: Role, userId?: string) =>
      post<Invitation>('/invitations', userId ? { role, userId } : { role }),
    withdraw: async (code: string) => {
      await link.fetch(`${base}/invitations/${encodeURIComponent(code)}`, { method: 'DELETE' });
    },
    twee: async () => (await link.fetch(`${base}/export`)).text(),
    bring: async (file: File): Promise<DocImported> => {
      const query = new URLSearchParams({ name: file.name });
      return (
        await link.fetch(`${base}/import?${query}`, { method: 'POST', body: await file.text() })
      ).json();
    },
  };
}

export type DocRest = ReturnType<typeof docRest>;
