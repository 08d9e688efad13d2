import type { PlayMap, PlayMapPassage, PlayStep } from '@storywire/client';

export interface MapNode extends PlayMapPassage {
  x: number;
  y: number;
}

export interface MapEdge {
  key: string;
  from: MapNode;
  to: MapNode;
  /** The party went this way. */
  taken: boolean;
}

export interface MapPicture {
  width: number;
  height: number;
  nodes: MapNode[];
  edges: MapEdge[];
}

/** Room for a passage and its name below, in pixels. */
const COLUMN = 128;
const ROW = 76;

/** The distance of each passage from the start; what nothing leads to is left out. */
function depths({ start, passages }: PlayMap): Map<string, number> {
  const to = new Map(passages.map((passage) => [passage.id, passage.to]));
  const found = new Map([[start, 0]]);
  // A Map hands out what is added while it is walked.
  for (const [id, depth] of found) {
    for (const next of to.get(id) ?? []) if (to.has(next) && !found.has(next)) found.set(next, depth + 1);
  }
  return found;
}

/** Where the passages that lead here stand on average: ways cross less when what belongs together is side by side. */
function pull(id: string, above: readonly PlayMapPassage[]): number {
  const rows = above.flatMap(({ to }, row) => (to.includes(id) ? [(row + 0.5) / above.length] : []));
  return rows.length === 0 ? 0.5 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
}

/** Draws a story from left to right, by the number of choices from its start. */
export function drawMap(map: PlayMap, path: readonly PlayStep[]): MapPicture {
  const depth = depths(map);
  const deepest = Math.max(0, ...depth.values());
  const columns = Array.from({ length: deepest + 1 }, (_, at) =>
    map.passages.filter(({ id }) => depth.get(id) === at),
  );
  columns.forEach((column, at) => {
    const above = columns[at - 1] ?? [];
    const pulls = new Map(column.map(({ id }) => [id, pull(id, above)]));
    column.sort((a, b) => (pulls.get(a.id) ?? 0) - (pulls.get(b.id) ?? 0));
  });
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const nodes = columns.flatMap((column, at) =>
    column.map((passage, row) => ({
      ...passage,
      x: (at + 0.5) * COLUMN,
      y: (row + 0.5 + (tallest - column.length) / 2) * ROW,
    })),
  );
  return { width: columns.length * COLUMN, height: tallest * ROW, nodes, edges: edgesOf(nodes, path) };
}

function edgesOf(nodes: readonly MapNode[], path: readonly PlayStep[]): MapEdge[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const steps = new Set(path.map(({ passageId }, i) => `${passageId} ${path[i + 1]?.passageId}`));
  return nodes.flatMap((from) =>
    from.to.flatMap((id) => {
      const to = byId.get(id);
      const key = `${from.id} ${id}`;
      return to ? [{ key, from, to, taken: steps.has(key) }] : [];
    }),
  );
}
