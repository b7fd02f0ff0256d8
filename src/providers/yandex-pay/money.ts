import type { AmountRules } from '../provider.ts';
import type { Edition } from './options.ts';

const DECIMALS = 2;
/** What fits into our amounts: 18 digits before the last two. */
const DECIMAL = /^(0|[1-9]\d{0,15})(?:\.(\d{1,12}))?$/;

/**
 * Amounts and quantities are decimal texts (pay.yandex.ru/docs, `string<double>`), read as hundredths, exactly or not at
 * all: further decimals are taken only where they are zeros.
 */
export function readHundredths(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(DECIMALS))) return undefined;
  return BigInt(whole + fraction.slice(0, DECIMALS).padEnd(DECIMALS, '0'));
}

/** "123.45". */
export function printAmount(minor: bigint): string {
  const digits = minor.toString().padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

/** As the documentation writes quantities: "2", and "2.50" where there is a fraction. */
export function printQuantity(hundredths: bigint): string {
  return hundredths % 100n === 0n ? String(hundredths / 100n) : printAmount(hundredths);
}

/**
 * In Russia at least 1.00, and at least 1.00 stays after a partial refund (pay.yandex.ru/docs, "Refund an order"). The
 * Uzbek page names no minimum.
 */
export const amountRulesOf = (edition: Edition): AmountRules =>
  edition === 'ru'
    ? { minimumMinor: 100n, stepMinor: 1n, leaveAtLeastMinor: 100n }
    : { minimumMinor: 1n, stepMinor: 1n, leaveAtLeastMinor: 0n };
