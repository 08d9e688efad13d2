import type { CommentsState } from '../comments.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

export interface UseComments extends CommentsState {
  send(content: string, parentId?: string | null): string;
  retry(cid: string): void;
  discard(cid: string): void;
  loadEarlier(): Promise<void>;
  reload(): void;
}

/** The comments of a story, joined while the component is mounted. */
export function useComments(storyId: string): UseComments {
  const { comments } = useStorywire().story(storyId);
  const { send, retry, discard, loadEarlier, reload } = comments;
  return { ...useReadable(comments.state), send, retry, discard, loadEarlier, reload };
}
