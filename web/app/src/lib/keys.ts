/** Calls `action` when the key is pressed outside of any field and without a modifier; the result stops that. */
export function onKey(key: string, action: () => void): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (inField(event)) return;
    event.preventDefault();
    action();
  };
  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}

/** Whether a key was pressed in something that takes keys itself. */
export function inField(event: KeyboardEvent): boolean {
  const [target] = event.composedPath(); // the text of the editor is in a shadow root
  const at = target instanceof HTMLElement ? target : null;
  return Boolean(at?.closest('input, textarea, select, [contenteditable="true"], dialog'));
}
