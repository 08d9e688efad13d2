'use client';

import type { Role, Story } from '@storywire/client';
import { StorywireError } from '@storywire/client';
import { useStorywire } from '@storywire/client/react';
import { PenLine } from 'lucide-react';
import { useEffect, useState } from 'react';
import { onTheShelf } from '@/lib/library';
import { asMessage } from '@/lib/message';
import { editPath } from '@/lib/route';
import { remember } from '@/lib/storage';
import { readingMinutes } from '@/lib/time';
import { useTitle } from '@/lib/useTitle';
import { LiveAvatar } from './Avatar';
import { CommentsPanel } from './CommentsPanel';
import { Missing } from './Missing';
import { Note } from './Note';
import { PlayThis } from './PlayThis';
import { Prose } from './Prose';
import { ProseSkeleton, StorySkeleton } from './Skeletons';
import styles from './story.module.css';
import { To } from './To';

/** From the shelf a story comes without its text. */
type Loaded = { story: Story | null; whole: boolean; error: unknown };

function useStory(id: string) {
  const { rest } = useStorywire();
  const [loaded, setLoaded] = useState<Loaded>(() => ({
    story: onTheShelf(rest, id),
    whole: false,
    error: null,
  }));
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt fetches again.
  useEffect(() => {
    const abort = new AbortController();
    rest.story(id, abort.signal).then(
      (story) => setLoaded({ story, whole: true, error: null }),
      (error: unknown) => {
        if (!abort.signal.aborted) setLoaded((was) => ({ ...was, error }));
      },
    );
    return () => abort.abort();
  }, [rest, id, attempt]);
  const again = () => {
    setLoaded((was) => ({ ...was, error: null }));
    setAttempt(attempt + 1);
  };
  return { ...loaded, again };
}

export function StoryPage({ storyId }: { storyId: string }) {
  const { story, whole, error, again } = useStory(storyId);
  useTitle(story?.title ?? null);
  useEffect(() => {
    if (story) remember('last', story.id);
  }, [story]);
  if (story === null || (error && !whole)) {
    const gone =
      error instanceof StorywireError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN');
    if (gone) return <Missing />;
    if (error) {
      return (
        <main id="content" tabIndex={-1} className={styles.page}>
          <Note
            title="The story could not be opened."
            text={asMessage(error)}
            action="Try again"
            onAction={again}
          />
        </main>
      );
    }
    return (
      <main id="content" tabIndex={-1} aria-busy="true" aria-label="Loading the story">
        <StorySkeleton />
      </main>
    );
  }
  return (
    <main id="content" tabIndex={-1} className={styles.page}>
      <article className={styles.column}>
        <Opening story={story} whole={whole} />
        {story.release > 0 ? <PlayThis story={story} /> : null}
        <Body story={story} whole={whole} />
      </article>
      <CommentsPanel storyId={storyId} />
    </main>
  );
}

/** Roles that write the story. */
const WRITERS: ReadonlySet<Role> = new Set(['editor', 'author', 'moderator', 'admin']);

function Body({ story, whole }: { story: Story; whole: boolean }) {
  if (!whole) return <ProseSkeleton />;
  // A story that is only played has no text of its own.
  return story.release > 0 && story.body.trim() === '' ? null : (
    <Prose text={story.body} open={story.release > 0} />
  );
}

function Opening({ story, whole }: { story: Story; whole: boolean }) {
  const minutes = readingMinutes(story.body);
  return (
    <header className={styles.opening}>
      <p className={styles.by}>
        <LiveAvatar user={story.author} size={28} />
        <span>
          {story.author.display_name}
          {whole && story.release === 0 ? (
            <span className={styles.minutes}>{minutes === 1 ? '1 minute' : `${minutes} minutes`}</span>
          ) : null}
        </span>
        {WRITERS.has(story.role) ? (
          <To href={editPath(story.id)} className={styles.write}>
            <PenLine size={16} strokeWidth={1.5} aria-hidden="true" />
            Write
          </To>
        ) : null}
      </p>
      <h1 className={styles.title}>{story.title}</h1>
      {story.synopsis ? <p className={styles.synopsis}>{story.synopsis}</p> : null}
    </header>
  );
}
