export type { RecoveryFile } from './recovery.js';
export {
  mayWrite,
  type Persistence,
  StoryDoc,
  type StoryDocOptions,
  type StoryDocState,
  type StoryDocStatus,
} from './storyDoc.js';
