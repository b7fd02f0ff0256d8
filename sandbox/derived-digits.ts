import { createHash } from 'node:crypto';

/** A decimal number that is always the same for a seed: trace numbers must not change from read to read. */
export function derivedDigits(seed: string, length: number): string {
  const number = BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`);
  return number.toString().slice(0, length).padStart(length, '0');
}
