import type { Place } from './content';
import type { Outline, Row } from './outline';
import type { CoAuthor } from './people';

/** Pixels of the cards; map.module.css has the same. */
export const CARD = { width: 144, height: 52 };
export const GHOST = { width: 104, height: 28 };

/** A passage on the map. The object stays the same until something of it changes. */
export interface MapCard {
  id: string;
  name: string;
  pos: Place;
  chosen: boolean;
  begins: boolean;
  /** Tagged as an ending. */
  ends: boolean;
  /** Who is there, if anybody else is. */
  here: { name: string; color: string } | null;
}

export interface MapEdge {
  id: string;
  source: string;
  target: string;
  /** It leads to a passage that does not exist. */
  dead: boolean;
}

/** Where a dead link would lead. */
export interface Ghost {
  id: string;
  name: string;
  /** The passage that has the link. */
  from: string;
  pos: Place;
}

const cards = new WeakMap<Row, MapCard>();

/** The passages of a story as cards. */
export function cardsOf(
  { rows, start }: Outline,
  people: readonly CoAuthor[],
  chosen: string | null,
): MapCard[] {
  const here = new Map(people.map(({ passageId, name, color }) => [passageId, { name, color }]));
  return rows.map((row) => {
    const { id, name, pos } = row;
    const now: MapCard = {
      id,
      name,
      pos,
      chosen: id === chosen,
      begins: id === start,
      ends: row.tags.includes('end'),
      here: here.get(id) ?? null,
    };
    const was = cards.get(row);
    if (was && alike(was, now)) return was;
    cards.set(row, now);
    return now;
  });
}

const alike = (a: MapCard, b: MapCard): boolean =>
  a.chosen === b.chosen &&
  a.begins === b.begins &&
  a.here?.name === b.here?.name &&
  a.here?.color === b.here?.color;

/** The links of a story as lines, and what dead ones would lead to. */
export function edgesOf({ rows, byName }: Outline): { edges: MapEdge[]; ghosts: Ghost[] } {
  const edges: MapEdge[] = [];
  const ghosts: Ghost[] = [];
  for (const { id, to, pos } of rows) {
    let dead = 0;
    for (const name of to) {
      const target = byName.get(name);
      if (target === id) continue;
      const end = target ?? `${id} ${name}`;
      edges.push({ id: `${id}>${end}`, source: id, target: end, dead: target === undefined });
      if (target === undefined) {
        ghosts.push({ id: end, name, from: id, pos: [pos[0] + 24 + dead * 20, pos[1] + 72 + dead * 32] });
        dead += 1;
      }
    }
  }
  return { edges, ghosts };
}

/** A card on the map, in its pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How far a line is bent to its right, in parts of its length, and at most. */
const BEND = 0.14;
const MOST_BENT = 40;
/** Length and half width of the head of an arrow. */
const HEAD = 8;
const HALF = 3.5;

/** The line from one card to another and the head of its arrow, as SVG paths; null where the cards cover each other. */
export function curveOf(from: Box, to: Box): { line: string; arrow: string } | null {
  const [ax, ay] = [from.x + from.width / 2, from.y + from.height / 2];
  const [bx, by] = [to.x + to.width / 2, to.y + to.height / 2];
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1) return null;
  const bend = Math.min(MOST_BENT, length * BEND) / length;
  const [cx, cy] = [(ax + bx) / 2 - (by - ay) * bend, (ay + by) / 2 + (bx - ax) * bend];
  const [sx, sy] = border(from, cx, cy);
  const [ex, ey] = border(to, cx, cy);
  if ((ex - sx) * (bx - ax) + (ey - sy) * (by - ay) <= 0) return null;
  const toEnd = Math.hypot(ex - cx, ey - cy) || 1;
  const [ux, uy] = [(ex - cx) / toEnd, (ey - cy) / toEnd];
  const [hx, hy] = [ex - ux * HEAD, ey - uy * HEAD];
  const at = (...points: number[]) => points.map((one) => one.toFixed(1)).join(' ');
  return {
    line: `M${at(sx, sy)} Q${at(cx, cy)} ${at(hx, hy)}`,
    arrow: `M${at(ex, ey)} L${at(hx - uy * HALF, hy + ux * HALF)} L${at(hx + uy * HALF, hy - ux * HALF)} Z`,
  };
}

/** Where the line from the middle of a card to a point leaves the card. */
function border({ x, y, width, height }: Box, px: number, py: number): [number, number] {
  const [mx, my] = [x + width / 2, y + height / 2];
  const [dx, dy] = [px - mx, py - my];
  const scale = Math.max(Math.abs(dx) / (width / 2), Math.abs(dy) / (height / 2), 1);
  return [mx + dx / scale, my + dy / scale];
}
