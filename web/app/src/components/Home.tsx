'use client';

import type { Story } from '@storywire/client';
import { useSession } from '@storywire/client/react';
import { Plus, Users } from 'lucide-react';
import { useRef } from 'react';
import type { Account } from '@/lib/account';
import { useStories } from '@/lib/library';
import { storyPath } from '@/lib/route';
import { recall } from '@/lib/storage';
import { greeting } from '@/lib/time';
import { useTitle } from '@/lib/useTitle';
import { Cover } from './Cover';
import styles from './home.module.css';
import { JoinParty } from './JoinParty';
import { NewStory } from './NewStory';
import { Note } from './Note';
import { PartyList, useOpenParties } from './PartyList';
import { ReadingCount } from './ReadingCount';
import { CoversSkeleton } from './Skeletons';
import { To } from './To';

export function Home({ account }: { account: Account }) {
  useTitle(null);
  const { status, stories, error, hasMore, more, reload } = useStories();
  const dialog = useRef<HTMLDialogElement>(null);
  const join = useRef<HTMLDialogElement>(null);
  const parties = useOpenParties();
  const name = (useSession()?.user ?? account.user)?.display_name;
  const hello = greeting(new Date());
  const last = stories.find(({ id }) => id === recall('last'));
  const featured = last ?? liveliest(stories);
  return (
    <main id="content" tabIndex={-1} className={styles.page}>
      <div className={styles.head}>
        <h1 className={styles.hello}>{name ? `${hello}, ${name}.` : `${hello}.`}</h1>
        <div className={styles.acts}>
          <button type="button" className="plain" onClick={() => join.current?.showModal()}>
            <Users size={18} strokeWidth={1.5} aria-hidden="true" />
            Join a party
          </button>
          <button type="button" className="plain" onClick={() => dialog.current?.showModal()}>
            <Plus size={18} strokeWidth={1.5} aria-hidden="true" />
            New story
          </button>
        </div>
      </div>
      <PartyList list={parties} title="Parties you can return to" />
      {featured && stories.length > 1 ? <Featured story={featured} again={last !== undefined} /> : null}
      {featured && stories.length === 1 ? (
        <ul aria-label="Stories">
          <li>
            <Featured story={featured} again={last !== undefined} />
          </li>
        </ul>
      ) : null}
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
      {stories.length > 1 ? <Shelf stories={stories} /> : null}
      {hasMore ? (
        <button type="button" className="plain" onClick={more}>
          Show more stories
        </button>
      ) : null}
      <NewStory dialog={dialog} />
      <JoinParty dialog={join} />
    </main>
  );
}

function Shelf({ stories }: { stories: readonly Story[] }) {
  return (
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

/** The story with most to come for: readers first, then comments. */
function liveliest(stories: readonly Story[]): Story | undefined {
  const [first, ...others] = stories;
  const warmth = ({ readers, commentCount }: Story) => readers * 1000 + commentCount;
  return first && others.reduce((best, story) => (warmth(story) > warmth(best) ? story : best), first);
}

/** One story held out to the reader: what they read last, or where the others are. */
function Featured({ story, again }: { story: Story; again: boolean }) {
  return (
    <To href={storyPath(story.id)} className={styles.featured}>
      <span className={styles.display}>
        <Cover story={story} />
      </span>
      <span className={styles.blurb}>
        <span className={styles.eyebrow}>{again ? 'You read last' : 'Open on the table'}</span>
        <span className={styles.featuredTitle}>{story.title}</span>
        {story.synopsis ? <span className={styles.synopsis}>{story.synopsis}</span> : null}
        <span className={styles.author}>{story.author.display_name}</span>
        <ReadingCount story={story} />
        <span className={styles.on}>{again ? 'Read on' : 'Begin to read'}</span>
      </span>
    </To>
  );
}
