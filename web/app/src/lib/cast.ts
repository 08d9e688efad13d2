import { type Character, demoCharacters, type Readable, Value } from '@storywire/client';

/** The demo's characters, or that this server is not a demo. */
export type Cast =
  | { status: 'loading' }
  | { status: 'demo'; characters: readonly Character[] }
  | { status: 'none' }
  | { status: 'error' };

const state = new Value<Cast>({ status: 'loading' }, () => {
  if (state.get().status === 'loading') void loadCast();
  return () => undefined;
});

export const cast: Readable<Cast> = state;

export async function loadCast(): Promise<void> {
  try {
    const characters = await demoCharacters();
    state.set(characters === null ? { status: 'none' } : { status: 'demo', characters });
  } catch {
    state.set({ status: 'error' });
  }
}
