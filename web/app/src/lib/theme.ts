import { remember } from './storage';

/** Turns light into dark and back, and remembers it on this device. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const chosen = root.dataset.theme;
  const dark = chosen ? chosen === 'dark' : window.matchMedia('(prefers-color-scheme: dark)').matches;
  const next = dark ? 'light' : 'dark';
  root.dataset.theme = next;
  remember('theme', next);
}
