import { randomInt } from 'node:crypto';

/** A random text of `length` characters of an alphabet. */
export function mint(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
