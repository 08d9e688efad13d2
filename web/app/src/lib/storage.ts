/** Local storage that may be forbidden or full: then nothing is remembered, and nothing breaks. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`storywire.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`storywire.${key}`);
    else localStorage.setItem(`storywire.${key}`, value);
  } catch {
    // See above.
  }
}
