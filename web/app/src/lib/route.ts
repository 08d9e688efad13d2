export type Route =
  | { page: 'home' }
  | { page: 'inbox' }
  | { page: 'story'; id: string }
  | { page: 'edit'; id: string }
  | { page: 'party'; id: string }
  | { page: 'invite'; code: string }
  | { page: 'missing' };

/** Which page a path means. `/story` without an id is the exported shell before it knows its address. */
export function routeOf(pathname: string): Route {
  const [first = '', second = '', ...more] = pathname
    .replace(/\.html$/, '')
    .split('/')
    .slice(1);
  if (more.length > 0) return { page: 'missing' };
  if (first === '') return { page: 'home' };
  if (first === 'inbox' && second === '') return { page: 'inbox' };
  if (first === 'story') return { page: 'story', id: decode(second) };
  if (first === 'edit') return { page: 'edit', id: decode(second) };
  if (first === 'party') return { page: 'party', id: decode(second) };
  if (first === 'invite') return { page: 'invite', code: decode(second) };
  return { page: 'missing' };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const storyPath = (id: string): string => `/story/${encodeURIComponent(id)}`;
export const invitePath = (code: string): string => `/invite/${encodeURIComponent(code)}`;
export const editPath = (id: string): string => `/edit/${encodeURIComponent(id)}`;

/**
 * Goes to another page without loading one. The exported shells hold the same application, and the
 * router follows the history, so a story needs no file of its own to navigate to.
 */
export function navigate(href: string): void {
  window.history.pushState(null, '', href);
  window.scrollTo(0, 0);
}

/** Gives the page that is shown another address. */
export function readdress(href: string): void {
  window.history.replaceState(null, '', href);
}
