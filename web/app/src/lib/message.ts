import { StorywireError } from '@storywire/client';

/** What to tell a reader about something that was thrown. */
export function asMessage(thrown: unknown): string {
  if (thrown instanceof StorywireError) {
    return thrown.code === 'OFFLINE'
      ? 'The server cannot be reached. Try again in a moment.'
      : thrown.message;
  }
  return 'That did not work. Try again in a moment.';
}
