/** Money as it is given on the control API and on providers' wires. */
export interface WireMoney {
  value: string;
  currency: string;
}

const DECIMAL = /^(?:0|[1-9]\d{0,14})(?:\.(\d+))?$/;

/**
 * Turns a decimal text into minor units without floating point; undefined when the text is not a plain
 * non-negative decimal, has more than 15 digits before the point or more decimals than `exponent`. "1500.00" with exponent 2 gives 150000n.
 */
export function parseMinor(value: string, exponent: number): bigint | undefined {
  const match = DECIMAL.exec(value);
  if (match === null) return undefined;
  const decimals = match[1] ?? '';
  if (decimals.length > exponent) return undefined;
  return BigInt(value.replace('.', '') + '0'.repeat(exponent - decimals.length));
}

/** Prints minor units with exactly `exponent` decimals: 150000n with exponent 2 gives "1500.00". */
export function formatMinor(minor: bigint, exponent: number): string {
  if (exponent === 0) return minor.toString();
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}
