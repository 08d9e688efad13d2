import type { DocPreviewPiece } from '@storywire/client';

/** The pieces of a text as paragraphs, which empty lines part. Mistakes stay where they are. */
export function paragraphsOf(text: readonly DocPreviewPiece[]): DocPreviewPiece[][] {
  const paragraphs: DocPreviewPiece[][] = [[]];
  for (const piece of text) {
    if (piece.mistake) {
      paragraphs.at(-1)?.push(piece);
      continue;
    }
    const [first = '', ...others] = piece.text.split(/\n[^\S\n]*\n\s*/);
    paragraphs.at(-1)?.push({ text: first, mistake: null });
    for (const other of others) paragraphs.push([{ text: other, mistake: null }]);
  }
  return paragraphs
    .map((pieces) => pieces.filter(({ text, mistake }) => mistake || text !== ''))
    .filter((pieces) => pieces.some(({ text, mistake }) => mistake || text.trim() !== ''));
}
