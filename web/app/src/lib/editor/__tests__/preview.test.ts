import { type DocPreview, type Storywire, StorywireError, Value } from '@storywire/client';
import type { StoryDoc, StoryDocState } from '@storywire/client/edit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { paragraphsOf } from '../paragraphs';
import { Previewer } from '../preview';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function desk() {
  const doc = new Y.Doc();
  const state = new Value({ doc, status: 'live', unsynced: 0 } as StoryDocState);
  const asked: string[] = [];
  const answers: Array<(view: Partial<DocPreview> | StorywireError) => void> = [];
  const fetch = (_path: string, { body }: { body: string }) => {
    asked.push(JSON.parse(body).from);
    expect(JSON.parse(body).minSeq).toBe(7);
    return new Promise((resolve, reject) => {
      answers.push((answer) => {
        if (answer instanceof StorywireError) reject(answer);
        else resolve({ json: () => Promise.resolve(answer) });
      });
    });
  };
  const provider = { storyId: 's', seq: 7, state } as unknown as StoryDoc;
  const previewer = new Previewer({ fetch } as unknown as Storywire['link'], provider);
  const answer = async (view: Partial<DocPreview> | StorywireError) => {
    answers.shift()?.(view);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { doc, state, asked, previewer, answer, write: () => doc.getText('x').insert(0, 'a') };
}

describe('a preview', () => {
  test('asks at once, and again some time after anybody has written, however often', async () => {
    const { asked, previewer, answer, write } = desk();
    previewer.ask({ from: 'a' });
    const stop = previewer.shown.subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    await answer({ name: 'A' });
    expect(previewer.shown.get()).toEqual({ view: { name: 'A' }, trouble: null });
    for (let i = 0; i < 20; i++) {
      write();
      await vi.advanceTimersByTimeAsync(100);
      await answer({ name: 'A2' });
    }
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(asked.length).toBeLessThanOrEqual(4);
    stop();
    write();
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  test('waits until what is written here is stored, and for the answer before', async () => {
    const { state, asked, previewer, answer } = desk();
    previewer.shown.subscribe(() => undefined);
    state.update((was) => ({ ...was, unsynced: 1 }));
    previewer.ask({ from: 'a' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toEqual([]);
    state.update((was) => ({ ...was, unsynced: 0 }));
    await vi.advanceTimersByTimeAsync(200);
    previewer.ask({ from: 'b' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toEqual(['a']);
    await answer({ name: 'A' });
    expect(previewer.shown.get().view).toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    await answer({ name: 'B' });
    expect(asked).toEqual(['a', 'b']);
    expect(previewer.shown.get().view).toEqual({ name: 'B' });
  });

  test('keeps what it shows when it fails, tries again when asked to slow down, and after being offline', async () => {
    const { state, asked, previewer, answer } = desk();
    previewer.shown.subscribe(() => undefined);
    previewer.ask({ from: 'a' });
    await vi.advanceTimersByTimeAsync(0);
    await answer({ name: 'A' });
    previewer.ask({ from: 'b' });
    await vi.advanceTimersByTimeAsync(0);
    await answer(new StorywireError('NOT_FOUND', 'There is no such passage.'));
    expect(previewer.shown.get()).toEqual({ view: { name: 'A' }, trouble: 'There is no such passage.' });
    previewer.ask({ from: 'c' });
    await vi.advanceTimersByTimeAsync(0);
    await answer(new StorywireError('RATE_LIMITED', 'Too fast.', 300));
    await vi.advanceTimersByTimeAsync(300);
    await answer({ name: 'C' });
    expect(previewer.shown.get()).toEqual({ view: { name: 'C' }, trouble: null });
    state.update((was) => ({ ...was, status: 'offline' }));
    previewer.ask({ from: 'd' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toEqual(['a', 'b', 'c', 'c']);
    state.update((was) => ({ ...was, status: 'live' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.at(-1)).toBe('d');
  });

  test('follows the document when it is replaced', async () => {
    const { state, asked, previewer, answer } = desk();
    previewer.ask({ from: 'a' });
    previewer.shown.subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    await answer({});
    const next = new Y.Doc();
    state.update((was) => ({ ...was, doc: next }));
    next.getText('x').insert(0, 'a');
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
  });
});

test('paragraphs are parted by empty lines, and mistakes stay in them', () => {
  const mistake = { severity: 'error', code: 'dead-link', message: 'No.', line: 2 } as const;
  const shape = (...pieces: Array<string | null>) =>
    paragraphsOf(pieces.map((text) => ({ text: text ?? '', mistake: text === null ? mistake : null }))).map(
      (one) => one.map(({ text, mistake }) => (mistake ? '!' : text)).join('|'),
    );
  expect(shape('a\nb\n\nc')).toEqual(['a\nb', 'c']);
  expect(shape('a ', null, ' b\n \n\n', null)).toEqual(['a |!| b', '!']);
  expect(shape('\n\n', ' ')).toEqual([]);
});
