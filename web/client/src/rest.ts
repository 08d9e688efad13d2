import { StorywireError } from './errors.js';
import type { TokenSource } from './transport.js';
import type { Character, Page, Problem, SignedIn, SignIn, Story, StoryCreate } from './wire.js';

/** The REST calls a reader's application needs. */
export interface Rest {
  stories(cursor?: string, signal?: AbortSignal): Promise<Page<Story>>;
  story(id: string, signal?: AbortSignal): Promise<Story>;
  /** The same `key` creates the story once, however often it is sent. */
  createStory(story: StoryCreate, key: string): Promise<Story>;
}

type Fetch = typeof globalThis.fetch;

async function call<T>(fetcher: Fetch, url: string, init: RequestInit): Promise<T> {
  return (await request(fetcher, url, init)).json();
}

/** An answer that is a success; throws a StorywireError otherwise. */
async function request(fetcher: Fetch, url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetcher(url, init);
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    throw new StorywireError('OFFLINE', 'The server cannot be reached.');
  }
  if (response.ok) return response;
  const problem: Partial<Problem> | null = await response.json().catch(() => null);
  const code = problem?.code ?? (response.status === 404 ? 'NOT_FOUND' : 'UNAVAILABLE');
  const message = problem?.detail ?? problem?.title ?? 'The server could not answer.';
  throw new StorywireError(code, message, problem?.retryAfterMs);
}

/** A request with the user's token. */
export async function authorizedRequest(
  fetcher: Fetch,
  url: string,
  token: TokenSource,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${await token()}`);
  return request(fetcher, `${url}${path}`, { ...init, headers });
}

export function createRest(url: string, token: TokenSource, fetcher: Fetch): Rest {
  const authorized = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await authorizedRequest(fetcher, url, token, path, init)).json();
  return {
    stories: (cursor, signal) => {
      const query = new URLSearchParams({ limit: '24', ...(cursor ? { cursor } : {}) });
      return authorized(`/v1/stories?${query}`, { signal: signal ?? null });
    },
    story: (id, signal) => authorized(`/v1/stories/${encodeURIComponent(id)}`, { signal: signal ?? null }),
    createStory: (story, key) =>
      authorized('/v1/stories', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body: JSON.stringify(story),
      }),
  };
}

/** The demo's characters; null when the server does not run as a demo. */
export async function demoCharacters(
  url = '',
  fetcher: Fetch = globalThis.fetch,
): Promise<Character[] | null> {
  try {
    const { items } = await call<{ items: Character[] }>(fetcher, `${url}/demo/v1/characters`, {});
    return items;
  } catch (thrown) {
    if (thrown instanceof StorywireError && thrown.code === 'NOT_FOUND') return null;
    throw thrown;
  }
}

/** Signs in at a demo server as one of its characters or under a name of one's own. */
export function demoSignIn(who: SignIn, url = '', fetcher: Fetch = globalThis.fetch): Promise<SignedIn> {
  return call(fetcher, `${url}/demo/v1/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(who),
  });
}
