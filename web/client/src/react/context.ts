import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { Storywire } from '../storywire.js';

const Context = createContext<Storywire | null>(null);

export function StorywireProvider({ client, children }: { client: Storywire; children?: ReactNode }) {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client of the nearest provider; throws without one. */
export function useStorywire(): Storywire {
  const client = useContext(Context);
  if (client === null) throw new Error('useStorywire needs a StorywireProvider above it.');
  return client;
}
