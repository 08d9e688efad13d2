import type { Readable, Rest, Story } from '@storywire/client';
import { Value } from '@storywire/client';
import { useReadable, useStorywire } from '@storywire/client/react';
import { useCallback, useEffect } from 'react';
import { asMessage } from './message';

interface Library {
  status: 'loading' | 'ready' | 'error';
  stories: readonly Story[];
  cursor: string | null;
  error: string | null;
}

/** The shelf of one sign-in, kept while pages change so that going back shows it at once. */
const libraries = new WeakMap<Rest, Value<Library>>();

function libraryOf(rest: Rest): Value<Library> {
  let library = libraries.get(rest);
  if (!library) {
    library = new Value<Library>({ status: 'loading', stories: [], cursor: null, error: null });
    libraries.set(rest, library);
  }
  return library;
}

async function load(rest: Rest, cursor: string | null): Promise<void> {
  const library = libraryOf(rest);
  try {
    const page = await rest.stories(cursor ?? undefined);
    library.update(({ stories }) => {
      const before = cursor === null ? [] : stories;
      const known = new Set(before.map(({ id }) => id));
      const items = [...before, ...page.items.filter(({ id }) => !known.has(id))];
      return { status: 'ready', stories: items, cursor: page.nextCursor, error: null };
    });
  } catch (thrown) {
    library.update((was) => ({
      ...was,
      status: was.stories.length > 0 ? 'ready' : 'error',
      error: asMessage(thrown),
    }));
  }
}

export function useStories() {
  const { rest } = useStorywire();
  const library: Readable<Library> = libraryOf(rest);
  const { status, stories, cursor, error } = useReadable(library);
  const reload = useCallback(() => void load(rest, null), [rest]);
  const more = useCallback(() => void load(rest, cursor), [rest, cursor]);
  useEffect(reload, [reload]);
  return { status, stories, error, hasMore: cursor !== null, more, reload };
}

/** A story that the shelf already holds, to show while it is fetched anew. */
export function onTheShelf(rest: Rest, id: string): Story | null {
  return (
    libraryOf(rest)
      .get()
      .stories.find((story) => story.id === id) ?? null
  );
}
