import { randomBytes } from 'node:crypto';

const EPOCH_SECONDS = 946_728_000; // 2000-01-01T12:00:00Z

/** Mints an id in the observed pattern: seconds since 2000-01-01T12:00:00Z, a kind, randomness. 36 characters. */
export function mintId(kind: 'payment' | 'refund', now: number): string {
  const seconds = (Math.floor(now / 1_000) - EPOCH_SECONDS) >>> 0;
  const marker = kind === 'payment' ? '000f' : '0015';
  return `${seconds.toString(16).padStart(8, '0')}-${marker}-5000-8000-${randomBytes(6).toString('hex')}`;
}
