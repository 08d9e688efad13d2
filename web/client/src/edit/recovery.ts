import * as Y from 'yjs';
import type { ErrorCode } from '../wire.js';

/** The text of a document that had to be given up, for the user to keep. */
export interface RecoveryFile {
  reason: ErrorCode;
  name: string;
  /** Twee 3, which the editor imports. */
  text: string;
}

/** Writes what can be read in a document as a file. */
export function recoveryFile(doc: Y.Doc, storyId: string, reason: ErrorCode): RecoveryFile {
  const title = doc.getMap('story').get('title');
  const parts = [`:: StoryTitle\n${typeof title === 'string' ? title : storyId}`];
  for (const passage of doc.getMap('passages').values()) {
    if (!(passage instanceof Y.Map)) continue;
    const tags = passage.get('tags');
    const list = Array.isArray(tags) && tags.length > 0 ? ` [${tags.join(' ')}]` : '';
    parts.push(
      `:: ${header(String(passage.get('name') ?? ''))}${list}\n${String(passage.get('body') ?? '')}`,
    );
  }
  return { reason, name: `${storyId}-recovered.twee`, text: `${parts.join('\n\n')}\n` };
}

/** A name as Twee writes it in a header. */
function header(name: string): string {
  return name.replace(/[[\]{}\\]/g, (character) => `\\${character}`);
}
