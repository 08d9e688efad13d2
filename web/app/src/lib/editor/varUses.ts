/** Names that expressions use themselves. */
export const RESERVED: ReadonlySet<string> = new Set(
  'role visited true false nil not and or in let if else matches contains startsWith endsWith'.split(' '),
);

/** A variable in a text. Positions are UTF-16 units; `from` is behind the `$`. */
export interface Use {
  name: string;
  from: number;
  to: number;
  /** Only written out with `$` in running text: one of that name need not exist. */
  shown: boolean;
}

/** Macros and attributes, whose insides are expressions; in what is left only `$name` is a variable. */
const PLACES = /<<(if|elseif|set)\s([^\n]*?)>>|\]\]\{([^\n}]*)\}|\$([A-Za-z_]\w*)/g;
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g;
const WORD = /[A-Za-z_]\w*/g;

/** The variables that a text reads, shows or sets, in their order, as the server understands them. */
export function usesOf(text: string): Use[] {
  if (!text.includes('$') && !text.includes('<<') && !text.includes(']]{')) return [];
  const uses: Use[] = [];
  for (const match of text.matchAll(PLACES)) {
    const [whole, macro, args, attributes, name] = match;
    if (name !== undefined) {
      uses.push({ name, from: match.index + 1, to: match.index + whole.length, shown: true });
    } else if (macro !== undefined && args !== undefined) {
      const at = match.index + whole.length - 2 - args.length;
      expression(macro === 'set' ? args.replace(/\sto\s/, blank) : args, at, uses);
    } else if (attributes !== undefined) {
      condition(attributes, match.index + 3, uses);
    }
  }
  return uses;
}

/** The condition among the attributes of a link: `if: gold >= 3; once`. */
function condition(attributes: string, at: number, uses: Use[]): void {
  for (const one of attributes.replace(QUOTED, blank).matchAll(/(?:^|;)\s*if\s*:([^;]*)/g)) {
    const from = one.index + one[0].length - (one[1] ?? '').length;
    expression(attributes.slice(from, from + (one[1] ?? '').length), at + from, uses);
  }
}

function expression(source: string, at: number, uses: Use[]): void {
  for (const { 0: name, index } of source.replace(QUOTED, blank).matchAll(WORD)) {
    if (RESERVED.has(name)) continue;
    uses.push({ name, from: at + index, to: at + index + name.length, shown: false });
  }
}

/** As many spaces: positions stay. */
const blank = (words: string): string => ' '.repeat(words.length);

/** The names that a text uses, each once. */
export const varNamesOf = (text: string): readonly string[] => [
  ...new Set(usesOf(text).map(({ name }) => name)),
];
