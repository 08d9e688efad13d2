/** The path of a link within this application; null for anything that leads elsewhere, whatever it is dressed as. */
export function placeOf(link: string | null): string | null {
  if (link === null) return null;
  try {
    const { origin, pathname, search, hash } = new URL(link, window.location.origin);
    return origin === window.location.origin ? `${pathname}${search}${hash}` : null;
  } catch {
    return null;
  }
}
