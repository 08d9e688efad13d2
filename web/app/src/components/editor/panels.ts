import type { Role } from '@storywire/client';
import { mayWrite } from '@storywire/client/edit';
import { Braces, Files, History, type LucideIcon, MessageSquare, Play, UsersRound } from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import { mayNote } from '@/lib/editor/notes';
import type { Desk } from '@/lib/editor/useDesk';

export interface PanelProps {
  desk: Desk;
  /** The passage on the desk. */
  passageId: string | null;
  onOpen: (passageId: string) => void;
}

/** Something that lies beside the text, opened from the bar at the edge of the desk. */
export interface Panel {
  id: string;
  title: string;
  Icon: LucideIcon;
  /** Whose desk has it; everybody's without. */
  isFor?: (role: Role) => boolean;
  /** Its code comes when it is first opened. */
  Body: ComponentType<PanelProps>;
}

/** In the order of the bar. */
export const PANELS: readonly Panel[] = [
  {
    id: 'preview',
    title: 'Preview',
    Icon: Play,
    Body: lazy(() => import('./Preview').then(({ Preview }) => ({ default: Preview }))),
  },
  {
    id: 'notes',
    title: 'Notes',
    Icon: MessageSquare,
    isFor: mayNote,
    Body: lazy(() => import('./Notes').then(({ Notes }) => ({ default: Notes }))),
  },
  {
    id: 'variables',
    title: 'Variables',
    Icon: Braces,
    Body: lazy(() => import('./Variables').then(({ Variables }) => ({ default: Variables }))),
  },
  {
    id: 'versions',
    title: 'Versions',
    Icon: History,
    isFor: mayWrite,
    Body: lazy(() => import('./Versions').then(({ Versions }) => ({ default: Versions }))),
  },
  {
    id: 'authors',
    title: 'Authors',
    Icon: UsersRound,
    Body: lazy(() => import('./Authors').then(({ Authors }) => ({ default: Authors }))),
  },
  {
    id: 'files',
    title: 'Files',
    Icon: Files,
    isFor: mayWrite,
    Body: lazy(() => import('./Files').then(({ Files }) => ({ default: Files }))),
  },
];
