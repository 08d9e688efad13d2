import { EditorView } from '@codemirror/view';

/** The story's own type, on the page's own paper: the variables reach into the shadow root. */
export const textTheme = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'transparent', minHeight: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: '400 18.5px / 1.7 var(--serif)', overflow: 'visible' },
  '.cm-content': { padding: '12px 0 40vh', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0' },
  '.cm-placeholder': { color: 'var(--ink-3)', fontStyle: 'italic' },
  '.cm-content ::selection': { backgroundColor: 'light-dark(#f3cfbf, #6b3426)' },
  '.cm-link': {
    color: 'var(--ink)',
    textDecoration: 'underline',
    textDecorationColor: 'var(--ink-3)',
    textUnderlineOffset: '4px',
    textDecorationThickness: '1px',
  },
  '.cm-dead': {
    color: 'var(--accent)',
    textDecorationColor: 'var(--accent)',
    textDecorationStyle: 'wavy',
  },
  '.cm-unknown': { textDecoration: 'underline wavy var(--accent)', textUnderlineOffset: '4px' },
  '.cm-macro': { color: 'var(--ink-2)', font: '500 14px / 1.7 ui-monospace, monospace' },
  '.cm-noted': { backgroundColor: 'var(--accent-wash)', borderBottom: '1px solid var(--accent)' },
  '.cm-noted-active': { backgroundColor: 'light-dark(#f3cfbf, #4a2c26)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '6px',
    backgroundColor: 'var(--raised)',
    boxShadow: 'var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    font: '400 14px / 1.5 var(--sans)',
    maxHeight: '260px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '7px 12px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent-wash)',
    color: 'var(--ink)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)' },
});
