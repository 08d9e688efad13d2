'use client';

import { lazy, Suspense } from 'react';
import { DeskSkeleton } from './DeskSkeleton';

/** The editor's code comes with its page: who only reads never loads it. */
const Editor = lazy(() => import('./Editor').then(({ Editor }) => ({ default: Editor })));

export function EditPage({ storyId }: { storyId: string }) {
  return (
    <Suspense fallback={<DeskSkeleton />}>
      <Editor storyId={storyId} />
    </Suspense>
  );
}
