import type { TraceKind } from './records.ts';

/** Payment methods and the number by which a bank finds a refund; undefined: it gives none. */
export const METHODS: ReadonlyMap<string, TraceKind | undefined> = new Map([
  ['card', 'arn'],
  ['fpx', 'arn'],
  ['upi', 'rrn'],
  ['netbanking', 'utr'],
  ['wallet', undefined],
]);

const DEFAULT_METHODS: Record<string, string> = { MYR: 'fpx', INR: 'upi' };

/** What buyers of a currency mostly pay with. */
export function defaultMethod(currency: string): string {
  return DEFAULT_METHODS[currency] ?? 'card';
}
