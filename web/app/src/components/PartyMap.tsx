'use client';

import type { PlayMap, PlayStep } from '@storywire/client';
import { useEffect, useMemo, useRef } from 'react';
import { drawMap, type MapEdge } from '@/lib/partyMap';
import styles from './map.module.css';

/** How far a way that does not lead on swings out, in pixels. */
const SWING = 52;
/** Longer names are cut. */
const LONGEST = 18;

/** A calm curve from one passage to another, in pixels. */
function curve({ from, to }: MapEdge): string {
  const start = `M${from.x} ${from.y}`;
  const end = `${to.x} ${to.y}`;
  // Side by side: around the names between them. Back: below, so that it is not taken for the way there.
  if (to.x === from.x) return `${start}C${from.x + SWING} ${from.y} ${to.x + SWING} ${to.y} ${end}`;
  const bend = (to.x - from.x) / 2;
  const dip = bend < 0 ? SWING : 0;
  return `${start}C${from.x + bend} ${from.y + dip} ${to.x - bend} ${to.y + dip} ${end}`;
}

/** The passages of a story from its start to its endings, with the way that the party went. */
export function PartyMap({ map, path }: { map: PlayMap; path: readonly PlayStep[] }) {
  const picture = useMemo(() => drawMap(map, path), [map, path]);
  const svg = useRef<SVGSVGElement>(null);
  const { width, height, nodes, edges } = picture;
  useEffect(() => {
    svg.current?.style.setProperty('width', `${width}px`);
  }, [width]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={styles.frame} tabIndex={0} aria-label="Map">
      <svg
        ref={svg}
        className={styles.map}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Passages and the ways between them"
      >
        {edges.map((edge) => (
          <path key={edge.key} className={styles.edge} data-taken={edge.taken || undefined} d={curve(edge)} />
        ))}
        {nodes.map(({ id, name, x, y, visited, ends }) => (
          <g
            key={id}
            className={styles.node}
            data-seen={visited > 0 || undefined}
            data-ends={ends || undefined}
          >
            <title>{visited > 1 ? `${name}, ${visited} times` : name}</title>
            <circle cx={x} cy={y} r={ends ? 9 : 6} />
            {ends ? <circle className={styles.core} cx={x} cy={y} r={4} /> : null}
            <text x={x} y={y + 26}>
              {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
            </text>
          </g>
        ))}
      </svg>
    </section>
  );
}
