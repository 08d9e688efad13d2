'use client';

import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { addPassage, placeBelow } from '@/lib/editor/content';
import { type Desk, useDesk } from '@/lib/editor/useDesk';
import { useTitle } from '@/lib/useTitle';
import { Missing } from '../Missing';
import { DeskHead } from './DeskHead';
import { DeskSkeleton } from './DeskSkeleton';
import styles from './desk.module.css';
import { Notices } from './Notices';
import { PassageDesk } from './PassageDesk';
import { PassageList } from './PassageList';
import { PanelBar, panelsFor, SidePanel } from './SidePanel';
import { UndoButtons } from './UndoButtons';

/** React Flow comes with the first look at the map. */
const PassageMap = lazy(() => import('./PassageMap').then(({ PassageMap }) => ({ default: PassageMap })));

/** How the passages are shown at the left. */
type View = 'list' | 'map';

/** Which pane a narrow screen shows. */
type Pane = 'left' | 'text';

/** The writing desk of one story. */
export function Editor({ storyId }: { storyId: string }) {
  const desk = useDesk(storyId);
  const { state, outline } = desk;
  useTitle(outline.title ? `Writing ${outline.title}` : 'Writing');
  useUnsavedWarning(state.unsynced > 0);
  if (state.status === 'refused' && state.role === 'none' && outline.rows.length === 0) return <Missing />;
  const opened = state.limits !== null || outline.rows.length > 0;
  return opened ? <Open desk={desk} storyId={storyId} /> : <DeskSkeleton />;
}

function Open({ desk, storyId }: { desk: Desk; storyId: string }) {
  const { outline, doc, state } = desk;
  const [chosen, setChosen] = useState<string | null>(null);
  const [pane, setPane] = useState<Pane>('text');
  const [view, setView] = useState<View>('list');
  const [panelId, setPanelId] = useState<string | null>(null);
  const panels = panelsFor(desk);
  const panel = panels.find(({ id }) => id === panelId);
  const passageId = current(desk, chosen);
  useEffect(() => {
    const { awareness } = state;
    const local = awareness.getLocalState();
    if (local?.passageId === passageId) return; // the cursor stays where it is in the same passage
    awareness.setLocalState({ ...local, passageId, cursor: null });
  }, [state, passageId]);

  const open = useCallback((id: string) => {
    setChosen(id);
    setPane('text');
  }, []);
  const here = passageId === null ? undefined : outline.byId.get(passageId);
  const create = useCallback(
    (name: string) => {
      const places = outline.rows.map(({ pos }) => pos);
      open(addPassage(doc, name, placeBelow(here?.pos ?? [0, -110], places)));
    },
    [doc, here, open, outline.rows],
  );
  const follow = (name: string) => {
    const id = outline.byName.get(name);
    if (id !== undefined) open(id);
    else if (desk.writable) create(name);
  };
  const note = (id: string) => {
    desk.notes.choose(id);
    setPanelId('notes');
  };
  const turn = (to: Pane) => {
    setPane(to);
    setPanelId(null);
  };
  return (
    <main id="content" tabIndex={-1} className={styles.desk}>
      <DeskHead desk={desk} storyId={storyId} onOpen={open} />
      <Notices desk={desk} />
      <PaneTabs pane={pane} onPane={turn} />
      <div className={styles.panes} data-view={view} data-pane={pane} data-panel={panel?.id}>
        <div className={styles.left}>
          <div className={styles.over}>
            <Views view={view} onView={setView} />
            <UndoButtons desk={desk} />
          </div>
          {view === 'list' ? (
            <PassageList desk={desk} chosen={passageId} onOpen={open} onCreate={create} />
          ) : (
            <Suspense fallback={<p className={styles.wait}>Unfolding the map…</p>}>
              <PassageMap desk={desk} chosen={passageId} onOpen={open} />
            </Suspense>
          )}
        </div>
        <div className={styles.middle}>
          <PassageDesk
            key={passageId}
            desk={desk}
            passageId={passageId}
            onOpen={open}
            onFollow={follow}
            onNote={note}
          />
        </div>
        {panel ? (
          <SidePanel
            panel={panel}
            desk={desk}
            passageId={passageId}
            onOpen={open}
            onClose={() => setPanelId(null)}
          />
        ) : null}
        <PanelBar panels={panels} open={panelId} onOpen={setPanelId} />
      </div>
    </main>
  );
}

/** The passage on the desk: the chosen one while it exists, or where the story begins. */
function current({ outline }: Desk, chosen: string | null): string | null {
  if (chosen !== null && outline.byId.has(chosen)) return chosen;
  return outline.byId.has(outline.start) ? outline.start : (outline.rows[0]?.id ?? null);
}

function useUnsavedWarning(unsaved: boolean) {
  useEffect(() => {
    if (!unsaved) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [unsaved]);
}

function Views({ view, onView }: { view: View; onView: (view: View) => void }) {
  return (
    <fieldset className={styles.views} aria-label="Show passages as">
      {(['list', 'map'] as const).map((one) => (
        <button key={one} type="button" aria-pressed={view === one} onClick={() => onView(one)}>
          {one === 'list' ? 'List' : 'Map'}
        </button>
      ))}
    </fieldset>
  );
}

const PANES = [
  ['left', 'Passages'],
  ['text', 'Text'],
] as const;

/** On a narrow screen one pane at a time. */
function PaneTabs({ pane, onPane }: { pane: Pane; onPane: (pane: Pane) => void }) {
  return (
    <div className={styles.tabs} role="tablist" aria-label="Parts of the desk">
      {PANES.map(([id, words]) => (
        <button key={id} type="button" role="tab" aria-selected={pane === id} onClick={() => onPane(id)}>
          {words}
        </button>
      ))}
    </div>
  );
}
