import { type Readable, Value } from '@storywire/client';
import type { Awareness } from 'y-protocols/awareness';

/** Somebody else who has the story open. */
export interface CoAuthor {
  client: number;
  id: string;
  name: string;
  color: string;
  /** Where they are; null: nowhere yet. */
  passageId: string | null;
}

/** What the server writes about who sends a state. */
interface Stamp {
  id: string;
  name: string;
  color: string;
  colorLight: string;
}

/** The person of a state; null for one that the server has not stamped. */
export function stampOf(state: Record<string, unknown> | undefined): Stamp | null {
  const user = state?.user;
  if (typeof user !== 'object' || user === null) return null;
  const { id, name, color, colorLight } = user as Record<string, unknown>;
  if (typeof id !== 'string' || typeof name !== 'string') return null;
  const plain = (value: unknown, otherwise: string) =>
    typeof value === 'string' && /^#[0-9a-f]{3,8}$/i.test(value) ? value : otherwise;
  return { id, name, color: plain(color, '#777777'), colorLight: plain(colorLight, '#77777733') };
}

/** Who else is there and in which passage; moving a cursor changes nothing here. */
export function peopleOf(awareness: Awareness): Readable<readonly CoAuthor[]> {
  const value = new Value<readonly CoAuthor[]>([], () => {
    const look = () => {
      const next = read(awareness);
      if (JSON.stringify(next) !== JSON.stringify(value.get())) value.set(next);
    };
    look();
    awareness.on('change', look);
    return () => awareness.off('change', look);
  });
  return value;
}

function read(awareness: Awareness): CoAuthor[] {
  const people: CoAuthor[] = [];
  for (const [client, state] of awareness.getStates()) {
    const stamp = client === awareness.clientID ? null : stampOf(state);
    if (stamp === null) continue;
    const passageId = typeof state.passageId === 'string' ? state.passageId : null;
    people.push({ client, id: stamp.id, name: stamp.name, color: stamp.color, passageId });
  }
  return people.sort((a, b) => a.client - b.client);
}
