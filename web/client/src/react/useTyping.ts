import type { User } from '../wire.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

export interface UseTyping {
  /** Who else is writing. */
  writers: readonly User[];
  keystroke(): void;
  stop(): void;
}

export function useTyping(storyId: string): UseTyping {
  const { typing } = useStorywire().story(storyId);
  return { writers: useReadable(typing.writers), keystroke: typing.keystroke, stop: typing.stop };
}
