/** A link in the text of a passage. Positions are UTF-16 units of that text. */
export interface Link {
  /** Of the opening brackets. */
  from: number;
  /** Behind the closing ones. */
  to: number;
  name: string;
  nameFrom: number;
  nameTo: number;
}

const LINK = /\[\[([^\n]*?)\]\]/g;

/** The links of a text, as the server reads them: `[[Name]]`, `[[label->Name]]`, `[[Name<-label]]`, `[[label|Name]]`. */
export function linksOf(text: string): Link[] {
  return Array.from(text.matchAll(LINK), (match) => {
    const inside = match[1] ?? '';
    const from = match.index;
    const [start, end] = target(inside);
    const name = inside.slice(start, end);
    const indent = name.length - name.trimStart().length;
    const nameFrom = from + 2 + start + indent;
    const trimmed = name.trim();
    return {
      from,
      to: from + match[0].length,
      name: trimmed,
      nameFrom,
      nameTo: nameFrom + trimmed.length,
    };
  });
}

/** Where in the inside of a link the name is. */
function target(inside: string): [number, number] {
  const right = inside.lastIndexOf('->');
  if (right >= 0) return [right + 2, inside.length];
  const left = inside.indexOf('<-');
  if (left >= 0) return [0, left];
  const bar = inside.indexOf('|');
  return bar >= 0 ? [bar + 1, inside.length] : [0, inside.length];
}

/** The names that a text leads to, each once, in their order. */
export function targetsOf(text: string): readonly string[] {
  return [...new Set(linksOf(text).map(({ name }) => name))].filter((name) => name !== '');
}

/** Why a passage cannot have this name; null when it can. */
export function nameProblem(name: string, limit: number): string | null {
  if (name === '') return 'A passage needs a name.';
  if (name.length > limit) return `A name has at most ${limit} characters.`;
  if (/\[\[|\]\]|->|<-|\|/.test(name)) return 'A name cannot have brackets of links, arrows or | in it.';
  return null;
}
