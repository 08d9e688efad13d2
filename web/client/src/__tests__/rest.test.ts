import { expect, test, vi } from 'vitest';
import { createRest, demoCharacters } from '../rest.js';

const answering = (status: number, body: unknown) =>
  vi.fn(async () => new Response(JSON.stringify(body), { status }));

test('requests carry the token, and writes their key', async () => {
  const fetcher = answering(201, { id: 's1' });
  await createRest('https://x.example', () => 'tok', fetcher).createStory({ title: 'T' }, 'k1');
  const [url, init] = fetcher.mock.calls[0] as unknown as [string, RequestInit];
  const headers = new Headers(init.headers);
  expect(url).toBe('https://x.example/v1/stories');
  expect(headers.get('Authorization')).toBe('Bearer tok');
  expect(headers.get('Idempotency-Key')).toBe('k1');
});

test('a problem becomes a coded error', async () => {
  const rest = createRest('', () => 'tok', answering(404, { code: 'NOT_FOUND', detail: 'No such story.' }));
  await expect(rest.story('a/b')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'No such story.' });
});

test('a server out of reach is offline, not a crash', async () => {
  const rest = createRest(
    '',
    () => 'tok',
    async () => {
      throw new TypeError('fetch failed');
    },
  );
  await expect(rest.stories()).rejects.toMatchObject({ code: 'OFFLINE' });
});

test('a server that is no demo has no characters', async () => {
  expect(await demoCharacters('', answering(404, 'not found'))).toBeNull();
  expect(await demoCharacters('', answering(200, { items: [] }))).toEqual([]);
});
