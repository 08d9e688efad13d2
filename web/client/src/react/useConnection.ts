import type { ConnectionState, Session } from '../connection.js';
import { useStorywire } from './context.js';
import { useReadable } from './useReadable.js';

export function useConnection(): ConnectionState {
  return useReadable(useStorywire().connection);
}

/** Null until the server has said who we are. */
export function useSession(): Session | null {
  return useReadable(useStorywire().session);
}
