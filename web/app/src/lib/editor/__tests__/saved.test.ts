import { StorywireError } from '@storywire/client';
import type { StoryDocState } from '@storywire/client/edit';
import { describe, expect, test } from 'vitest';
import { savedLine } from '../saved';
import { rowsIn } from '../useWindow';

const line = (state: Partial<StoryDocState>) =>
  savedLine({ status: 'live', role: 'editor', unsynced: 0, error: null, ...state } as StoryDocState);

describe('the line about what is saved', () => {
  test.each([
    [{}, 'saved', 'All changes saved'],
    [{ unsynced: 1 }, 'saving', '1 change not yet saved'],
    [{ unsynced: 3 }, 'saving', '3 changes not yet saved'],
    [{ status: 'opening' }, 'saving', 'Opening…'],
    [{ status: 'offline' }, 'kept', "You're offline. What you write is kept here."],
    [
      { status: 'offline', unsynced: 2 },
      'kept',
      "You're offline. 2 changes kept here, to be saved when you're back.",
    ],
    [{ role: 'viewer' }, 'saved', 'You may read here, but not write.'],
    [{ role: 'commenter', unsynced: 1 }, 'stopped', 'You may read here. Your last words were not saved.'],
    [{ error: new StorywireError('DOC_TOO_LARGE', 'Too large.') }, 'stopped', 'Too large.'],
    [{ status: 'refused', error: new StorywireError('ROOM_FULL', 'Full.') }, 'stopped', 'Full.'],
  ] as const)('of %o', (state, kind, words) => {
    expect(line(state as Partial<StoryDocState>)).toEqual({ state: kind, words });
  });

  test('never says that all is saved while something is not', () => {
    for (const status of ['loading', 'opening', 'live', 'offline', 'refused'] as const) {
      for (const role of ['none', 'viewer', 'commenter', 'editor', 'author'] as const) {
        expect(line({ status, role, unsynced: 1 }).state).not.toBe('saved');
      }
    }
  });
});

test('only rows in view are in the page, with some to spare', () => {
  expect(rowsIn(0, 480, 48)).toEqual({ first: 0, last: 18 });
  expect(rowsIn(48_000, 480, 48)).toEqual({ first: 992, last: 1018 });
  expect(rowsIn(47_990, 470, 48)).toEqual({ first: 991, last: 1017 });
});
