const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: ten letters of the time in milliseconds, sixteen by chance. */
export function ulid(now = Date.now()): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = letter(rest) + time;
  return time + Array.from(crypto.getRandomValues(new Uint8Array(16)), letter).join('');
}

const letter = (value: number): string => ALPHABET.charAt(value % 32);
