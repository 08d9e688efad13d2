import type { Route } from '@/lib/route';
import { HomeSkeleton, InboxSkeleton, StorySkeleton } from './Skeletons';
import styles from './topbar.module.css';
import { Wordmark } from './Wordmark';

/** What stands there before the page knows who is reading: the final layout, empty. */
export function Boot({ page }: { page: Route['page'] }) {
  return (
    <>
      <header className={styles.bar}>
        <div className={styles.inner}>
          <Wordmark />
        </div>
      </header>
      <main id="content" tabIndex={-1} aria-busy="true" aria-label="Loading">
        {page === 'story' || page === 'party' ? <StorySkeleton /> : null}
        {page === 'inbox' ? <InboxSkeleton /> : null}
        {page === 'home' ? <HomeSkeleton /> : null}
      </main>
    </>
  );
}
