'use client';

import { X } from 'lucide-react';
import { type KeyboardEvent, Suspense, useEffect, useRef } from 'react';
import { PANELS, type Panel, type PanelProps } from './panels';
import styles from './panels.module.css';

const buttonOf = (id: string) => `panel-of-${id}`;
const SIDE = 'side-panel';

/** panels.module.css has the same. */
const NARROW = '(max-width: 720px)';

/** What is open beside the text: on a narrow screen it covers the text. */
export function SidePanel({ panel, onClose, ...props }: PanelProps & { panel: Panel; onClose: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { id, title, Body } = panel;
  // biome-ignore lint/correctness/useExhaustiveDependencies: every panel begins at its heading.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id]);
  const close = () => {
    onClose();
    document.getElementById(buttonOf(id))?.focus();
  };
  const open = (passageId: string) => {
    props.onOpen(passageId);
    if (window.matchMedia(NARROW).matches) onClose();
  };
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) close();
  };
  return (
    <aside id={SIDE} className={styles.panel} aria-label={title} onKeyDown={closeOnEscape}>
      <header className={styles.head}>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className={styles.close} aria-label={`Close ${title}`} onClick={close}>
          <X size={18} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </header>
      <div className={styles.body}>
        <Suspense fallback={<p className={styles.wait}>Opening…</p>}>
          <Body key={id} {...props} onOpen={open} />
        </Suspense>
      </div>
    </aside>
  );
}

/** Opens the panels, one at a time: at the right edge of the desk, or below it where it is narrow. */
export function PanelBar({
  panels,
  open,
  onOpen,
}: {
  panels: readonly Panel[];
  open: string | null;
  onOpen: (id: string | null) => void;
}) {
  if (panels.length === 0) return null;
  return (
    <div className={styles.bar} role="toolbar" aria-label="Beside the text">
      {panels.map(({ id, title, Icon }) => (
        <button
          key={id}
          id={buttonOf(id)}
          type="button"
          aria-expanded={open === id}
          aria-controls={open === id ? SIDE : undefined}
          onClick={() => onOpen(open === id ? null : id)}
        >
          <Icon size={20} strokeWidth={1.5} aria-hidden="true" />
          {title}
        </button>
      ))}
    </div>
  );
}

/** The panels of who works at this desk. */
export const panelsFor = ({ state: { role } }: PanelProps['desk']): readonly Panel[] =>
  PANELS.filter(({ isFor }) => isFor?.(role) ?? true);
