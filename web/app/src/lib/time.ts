const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in as few letters as are still clear. */
export function ago(iso: string, now: number): string {
  const then = new Date(iso);
  const passed = now - then.getTime();
  if (passed < MINUTE) return 'now';
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h`;
  if (passed < 7 * DAY) return then.toLocaleDateString(undefined, { weekday: 'long' });
  return dateOf(then, now);
}

/** The heading of a day in the inbox. */
export function dayOf(iso: string, now: number): string {
  const then = new Date(iso);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (then.getTime() >= midnight) return 'Today';
  if (then.getTime() >= midnight - DAY) return 'Yesterday';
  return dateOf(then, now);
}

function dateOf(then: Date, now: number): string {
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  const year = sameYear ? {} : ({ year: 'numeric' } as const);
  return then.toLocaleDateString(undefined, { day: 'numeric', month: 'long', ...year });
}

export function greeting(now: Date): string {
  const hour = now.getHours();
  if (hour < 5) return 'Still up';
  if (hour < 12) return 'Good morning';
  return hour < 18 ? 'Good afternoon' : 'Good evening';
}

/** Minutes to read a text, at a calm 220 words a minute. */
export function readingMinutes(text: string): number {
  return Math.max(1, Math.round(text.split(/\s+/).length / 220));
}
