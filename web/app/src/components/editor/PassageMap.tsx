'use client';

import {
  applyNodeChanges,
  Background,
  Controls,
  type Edge,
  Handle,
  type Node,
  type NodeChange,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Place, placePassages } from '@/lib/editor/content';
import type { Outline, Row } from '@/lib/editor/outline';
import type { Desk } from '@/lib/editor/useDesk';
import styles from './map.module.css';

interface Props {
  desk: Desk;
  chosen: string | null;
  onOpen: (id: string) => void;
}

type Card = Node<{ row: Row; begins: boolean; dead: boolean; here: string | null }, 'card'>;

const kinds = { card: PassageCard };

/** The story as a map. A place is written once, when a passage has been dragged there. */
export function PassageMap({ desk, chosen, onOpen }: Props) {
  const { outline, doc, people, writable } = desk;
  const cards = useMemo(() => cardsOf(outline, people, chosen), [outline, people, chosen]);
  const edges = useMemo(() => edgesOf(outline), [outline]);
  const [nodes, setNodes] = useState<Card[]>(cards);
  useEffect(() => {
    // What is being dragged stays under the hand.
    setNodes((was) => {
      const held = new Map(was.filter(({ dragging }) => dragging).map((node) => [node.id, node]));
      const known = new Map(was.map((node) => [node.id, node]));
      return cards.map((card) => held.get(card.id) ?? { ...known.get(card.id), ...card });
    });
  }, [cards]);
  const change = useCallback(
    (changes: NodeChange<Card>[]) => setNodes((was) => applyNodeChanges(changes, was)),
    [],
  );
  return (
    <section className={styles.map} aria-label="Map of passages">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={kinds}
        onNodesChange={change}
        onNodeClick={(_, node) => onOpen(node.id)}
        onNodeDragStop={(_, __, moved) => placePassages(doc, placesOf(moved))}
        nodesDraggable={writable}
        nodesConnectable={false}
        deleteKeyCode={null}
        onlyRenderVisibleElements
        fitView
        fitViewOptions={{ maxZoom: 1, minZoom: 0.4 }}
        minZoom={0.08}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={24} size={1} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

const placesOf = (nodes: readonly Card[]): ReadonlyMap<string, Place> =>
  new Map(nodes.map(({ id, position }) => [id, [position.x, position.y] as const]));

function cardsOf(outline: Outline, people: Desk['people'], chosen: string | null): Card[] {
  const here = new Map(people.map(({ passageId, color }) => [passageId, color]));
  return outline.rows.map((row) => ({
    id: row.id,
    type: 'card',
    position: { x: row.pos[0], y: row.pos[1] },
    selected: row.id === chosen,
    ariaLabel: row.name,
    data: {
      row,
      begins: row.id === outline.start,
      dead: row.to.some((name) => !outline.byName.has(name)),
      here: here.get(row.id) ?? null,
    },
  }));
}

function edgesOf({ rows, byName }: Outline): Edge[] {
  return rows.flatMap(({ id, to }) =>
    to.flatMap((name) => {
      const target = byName.get(name);
      return target === undefined || target === id
        ? []
        : [{ id: `${id} ${target}`, source: id, target, focusable: false, selectable: false }];
    }),
  );
}

function PassageCard({ data: { row, begins, dead, here }, selected }: NodeProps<Card>) {
  return (
    <div
      className={styles.card}
      data-selected={selected || undefined}
      data-begins={begins || undefined}
      style={here ? { outlineColor: here } : undefined}
      data-here={here ? '' : undefined}
    >
      <Handle type="target" position={Position.Top} className={styles.handle} />
      <span className={styles.name}>{row.name || 'Without a name'}</span>
      {dead ? <span className={styles.dead}>dead link</span> : null}
      <Handle type="source" position={Position.Bottom} className={styles.handle} />
    </div>
  );
}
