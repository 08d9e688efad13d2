'use client';

import { type Edge, type EdgeProps, useInternalNode } from '@xyflow/react';
import { type Box, curveOf } from '@/lib/editor/storyMap';
import styles from './map.module.css';

export type LinkEdgeType = Edge<{ state: 'dead' | 'near' | undefined }, 'link'>;

/** A link between two passages: from edge to edge of their cards, bent to the side so that the way back is another line. */
export function LinkEdge({ source, target, data }: EdgeProps<LinkEdgeType>) {
  const from = useBox(source);
  const to = useBox(target);
  const curve = from && to && curveOf(from, to);
  if (!curve) return null;
  return (
    <g className={styles.link} data-state={data?.state}>
      <path className="react-flow__edge-path" d={curve.line} fill="none" />
      <path className={styles.arrow} d={curve.arrow} />
    </g>
  );
}

function useBox(id: string): Box | null {
  const node = useInternalNode(id);
  if (!node) return null;
  const { x, y } = node.internals.positionAbsolute;
  return { x, y, width: node.width ?? 0, height: node.height ?? 0 };
}
