import { ApiError } from './api-error.ts';
import { exponentOf, MINIMUM_DOCUMENTED } from './currencies.ts';
import type { Settings } from './settings.ts';

/** Minor units: an integer, or a text that looks like one. Throws 400 `The amount must be an integer.` */
export function parseAmount(value: unknown): bigint {
  const isInteger = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,18}$/.test(value));
  if (!isInteger) throw new ApiError('amountInteger');
  return BigInt(value as number | string);
}

/**
 * Throws 400 for an amount that no refund of this currency can have: three-decimal currencies end in 0 (docs
 * api/refunds/entity), and normal refunds have a minimum of 1.00 (docs api/refunds/create-normal).
 */
export function checkAmount(
  amountMinor: bigint,
  currency: string,
  speed: 'normal' | 'optimum',
  { minimumRefund }: Pick<Settings, 'minimumRefund'>,
): void {
  const exponent = exponentOf(currency);
  const hasMinimum = minimumRefund === 'everywhere' || MINIMUM_DOCUMENTED.has(currency);
  const least = hasMinimum && speed === 'normal' ? 10n ** BigInt(exponent) : 1n;
  if (amountMinor < least) throw new ApiError('amountMinimum', { currency });
  if (exponent === 3 && amountMinor % 10n !== 0n) throw new ApiError('amountThousandths', { currency });
}
