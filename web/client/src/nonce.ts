/**
 * A new name for one attempt to write, the same in every retry: the time, then randomness. Nonces that
 * rise with time keep the server's index of them compact. crypto.randomUUID would not do: browsers hide
 * it from pages that came over plain http, as on a phone in the same network.
 */
export function newNonce(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  return Date.now().toString(36) + Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
