'use client';

import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  Controls,
  Handle,
  MiniMap,
  type Node,
  type NodeChange,
  type NodeProps,
  Panel,
  Position,
  ReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { Flag } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from 'react';
import { type Place, placePassages } from '@/lib/editor/content';
import { CARD, cardsOf, edgesOf, GHOST, type Ghost, type MapCard, type MapEdge } from '@/lib/editor/storyMap';
import type { Desk } from '@/lib/editor/useDesk';
import { LinkEdge, type LinkEdgeType } from './LinkEdge';
import styles from './map.module.css';

interface Props {
  desk: Desk;
  chosen: string | null;
  onOpen: (id: string) => void;
}

type CardNode = Node<{ card: MapCard }, 'card'>;
type GhostNode = Node<{ name: string; from: string }, 'ghost'>;
type MapNode = CardNode | GhostNode;

const kinds = { card: PassageCard, ghost: GhostCard };
const lines = { link: LinkEdge };

/** More passages than this get a small map of the map. */
const MANY = 40;

/** The story as a map. A place is written once, when a passage has been moved there. */
export function PassageMap({ desk, chosen, onOpen }: Props) {
  const { outline, doc, people, writable } = desk;
  const cards = useMemo(() => cardsOf(outline, people, chosen), [outline, people, chosen]);
  const drawn = useMemo(() => edgesOf(outline), [outline]);
  const edges = useMemo(() => drawn.edges.map((edge) => drawnEdge(edge, chosen)), [drawn, chosen]);
  const [nodes, setNodes] = useState<MapNode[]>([]);
  useEffect(() => {
    // What is being dragged stays under the hand.
    setNodes((was) => {
      const known = new Map(was.map((node) => [node.id, node]));
      const next = cards.map((card): MapNode => nodeOf(card, known.get(card.id)));
      return [...next, ...drawn.ghosts.map(ghostOf)];
    });
  }, [cards, drawn]);
  const change = useCallback(
    (changes: NodeChange<MapNode>[]) => setNodes((was) => applyNodeChanges(changes, was)),
    [],
  );
  const openFocused = (event: KeyboardEvent) => {
    const id = event.target instanceof HTMLElement && event.target.dataset.id;
    if (id && event.key === 'Enter' && outline.byId.has(id)) onOpen(id);
  };
  // Arrow keys move what is chosen, step by step: the place is written when the key is let go.
  const placeMoved = (event: KeyboardEvent) => {
    if (!event.key.startsWith('Arrow') || !writable) return;
    const moved = nodes.filter(({ id, position }) => {
      const pos = outline.byId.get(id)?.pos;
      return pos && (Math.round(position.x) !== pos[0] || Math.round(position.y) !== pos[1]);
    });
    if (moved.length > 0) placePassages(doc, placesOf(moved));
  };
  // A large map opens where one is.
  const around =
    cards.length > MANY && chosen !== null
      ? { nodes: [chosen, ...neighbours(drawn.edges, chosen)].map((id) => ({ id })), minZoom: 0.6 }
      : {};
  return (
    <section className={styles.map} aria-label="Map of passages" onKeyDown={openFocused} onKeyUp={placeMoved}>
      {nodes.length > 0 ? (
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={kinds}
          edgeTypes={lines}
          onNodesChange={change}
          onNodeClick={(_, node) => onOpen(node.type === 'ghost' ? node.data.from : node.id)}
          onNodeDragStop={(_, __, moved) => placePassages(doc, placesOf(moved))}
          nodesDraggable={writable}
          nodesConnectable={false}
          edgesFocusable={false}
          deleteKeyCode={null}
          onlyRenderVisibleElements
          fitView
          fitViewOptions={{ maxZoom: 1, minZoom: 0.35, padding: 0.12, ...around }}
          minZoom={0.06}
          maxZoom={1.5}
          proOptions={{ hideAttribution: true }}
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} />
          <Controls showInteractive={false} />
          {cards.length > MANY ? (
            <MiniMap pannable zoomable ariaLabel="The whole map" nodeBorderRadius={8} />
          ) : null}
          <Panel position="top-right" className={styles.legend}>
            {cards.length} {cards.length === 1 ? 'passage' : 'passages'}
            {drawn.ghosts.length > 0 ? (
              <span className={styles.dead}>
                {drawn.ghosts.length} dead {drawn.ghosts.length === 1 ? 'link' : 'links'}
              </span>
            ) : null}
          </Panel>
        </ReactFlow>
      ) : null}
    </section>
  );
}

const neighbours = (edges: readonly MapEdge[], id: string): string[] =>
  edges.filter(({ source }) => source === id).map(({ target }) => target);

const placesOf = (nodes: readonly MapNode[]): ReadonlyMap<string, Place> =>
  new Map(nodes.map(({ id, position }) => [id, [position.x, position.y] as const]));

/** The same node where nothing of its card has changed: only others are drawn again. */
function nodeOf(card: MapCard, known: MapNode | undefined): CardNode {
  const was = known?.type === 'card' ? known : undefined;
  if (was?.dragging || was?.data.card === card) return was;
  return {
    ...was,
    id: card.id,
    type: 'card',
    position: { x: card.pos[0], y: card.pos[1] },
    // With their sizes known, only those in view need to be drawn.
    width: CARD.width,
    height: CARD.height,
    selected: card.chosen,
    ariaLabel: `${card.name || 'Without a name'}${card.begins ? ', begins here' : ''}`,
    data: { card },
  };
}

function ghostOf({ id, name, from, pos }: Ghost): GhostNode {
  return {
    id,
    type: 'ghost',
    position: { x: pos[0], y: pos[1] },
    width: GHOST.width,
    height: GHOST.height,
    draggable: false,
    selectable: false,
    focusable: false,
    data: { name, from },
  };
}

function drawnEdge({ id, source, target, dead }: MapEdge, chosen: string | null): LinkEdgeType {
  const near = source === chosen || target === chosen;
  const state = dead ? 'dead' : near ? 'near' : undefined;
  return { id, type: 'link', source, target, selectable: false, zIndex: state ? 1 : 0, data: { state } };
}

function PassageCard({ data: { card } }: NodeProps<CardNode>) {
  const { name, chosen, begins, ends, here } = card;
  return (
    <div
      className={styles.card}
      data-selected={chosen || undefined}
      data-begins={begins || undefined}
      data-ends={ends || undefined}
      style={here ? { outlineColor: here.color } : undefined}
      data-here={here ? '' : undefined}
      title={name}
    >
      <Handle type="target" position={Position.Top} className={styles.handle} />
      <span className={styles.name}>
        {begins ? <Flag size={12} strokeWidth={2} aria-hidden="true" /> : null}
        {name || 'Without a name'}
      </span>
      {here ? (
        <span className={styles.here} style={{ backgroundColor: here.color }}>
          {here.name}
        </span>
      ) : null}
      <Handle type="source" position={Position.Bottom} className={styles.handle} />
    </div>
  );
}

function GhostCard({ data: { name } }: NodeProps<GhostNode>) {
  return (
    <div className={styles.ghost} title={`There is no passage “${name}” yet`}>
      <Handle type="target" position={Position.Top} className={styles.handle} />
      <span>{name}</span>
    </div>
  );
}
