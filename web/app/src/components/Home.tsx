'use client';

import type { Story } from '@storywire/client';
import { useSession } from '@storywire/client/react';
import { Plus } from 'lucide-react';
import { useRef } from 'react';
import type { Account } from '@/lib/account';
import { useStories } from '@/lib/library';
import { storyPath } from '@/lib/route';
import { recall } from '@/lib/storage';
import { greeting } from '@/lib/time';
import { useTitle } from '@/lib/useTitle';
import { Cover } from './Cover';
import styles from './home.module.css';
import { NewStory } from './NewStory';
import { Note } from './Note';
import { ReadingCount } from './ReadingCount';
import { CoversSkeleton } from './Skeletons';
import { To } from './To';

export function Home({ account }: { account: Account }) {
  useTitle(null);
  const { status, stories, error, hasMore, more, reload } = useStories();
  const dialog = useRef<HTMLDialogElement>(null);
  const name = (useSession()?.user ?? account.user)?.display_name;
  const hello = greeting(new Date());
  const last = stories.find(({ id }) => id === recall('last'));
  return (
    <main id="content" className={styles.page}>
      <div className={styles.head}>
        <h1 className={styles.hello}>{name ? `${hello}, ${name}.` : `${hello}.`}</h1>
        <button type="button" className="plain" onClick={() => dialog.current?.showModal()}>
          <Plus size={18} strokeWidth={1.5} aria-hidden="true" />
          New story
        </button>
      </div>
      {last ? <Last story={last} /> : null}
      {status === 'loading' ? <CoversSkeleton /> : null}
      {status === 'error' ? (
        <Note
          title="The shelf could not be reached."
          text={error ?? ''}
          action="Try again"
          onAction={reload}
        />
      ) : null}
      {status === 'ready' && stories.length === 0 ? (
        <Note
          title="The shelf is empty."
          text="Write the first story, and read it with whoever comes by."
          action="New story"
          onAction={() => dialog.current?.showModal()}
        />
      ) : null}
      {stories.length > 0 ? (
        <section aria-labelledby="shelf">
          <h2 id="shelf" className={styles.shelf}>
            On the shelf
          </h2>
          <ul className={styles.grid} aria-label="Stories">
            {stories.map((story) => (
              <Book key={story.id} story={story} />
            ))}
          </ul>
        </section>
      ) : null}
      {hasMore ? (
        <button type="button" className="plain" onClick={more}>
          Show more stories
        </button>
      ) : null}
      <NewStory dialog={dialog} />
    </main>
  );
}

function Book({ story }: { story: Story }) {
  return (
    <li>
      <To href={storyPath(story.id)} className={styles.book}>
        <Cover story={story} />
        <span className={styles.author}>{story.author.display_name}</span>
        <ReadingCount story={story} />
      </To>
    </li>
  );
}

/** What was read last, ready to be read on. */
function Last({ story }: { story: Story }) {
  return (
    <To href={storyPath(story.id)} className={styles.last}>
      <span className={styles.thumb}>
        <Cover story={story} small />
      </span>
      <span className={styles.lastWords}>
        <span className={styles.eyebrow}>You read last</span>
        <span className={styles.lastTitle}>{story.title}</span>
        {story.synopsis ? <span className={styles.synopsis}>{story.synopsis}</span> : null}
      </span>
      <span className={styles.on} aria-hidden="true">
        Read on
      </span>
    </To>
  );
}
