type Rgb = readonly [number, number, number];

const HEX = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

function parse(color: string): Rgb | null {
  const [, red, green, blue] = HEX.exec(color) ?? [];
  if (!red || !green || !blue) return null;
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}

const format = (rgb: Rgb): string =>
  `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

/** The colour, or `otherwise` when it is not one: colours come from stored data. */
export function safeColor(color: string, otherwise: string): string {
  const rgb = parse(color);
  return rgb ? format(rgb) : otherwise;
}

/** `share` of `into` mixed into `color`, 0 to 1. */
export function mix(color: string, into: string, share: number): string {
  const from = parse(color);
  const to = parse(into);
  if (!from || !to) return color;
  const part = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * share;
  return format([part(0), part(1), part(2)]);
}

/** Relative luminance after WCAG 2, 0 (black) to 1 (white). */
export function luminance(color: string): number {
  const rgb = parse(color);
  if (!rgb) return 0;
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}
