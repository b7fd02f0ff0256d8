const quantityPattern = /^(?:0|[1-9]\d{0,8})(?:\.\d{1,3})?$/;

/** A decimal above zero, below 10^9 and with at most three digits after the point. */
export const isQuantity = (text: string): boolean => quantityPattern.test(text) && /[1-9]/.test(text);

const hundredthsPattern = /^(0|[1-9]\d{0,8})(?:\.(\d{1,2}))?$/;

/** A quantity of an item, in hundredths of its unit; undefined for what is no decimal above zero with at most two digits after the point. */
export function readHundredths(text: string): bigint | undefined {
  const [, whole, fraction = ''] = hundredthsPattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const hundredths = BigInt(whole + fraction.padEnd(2, '0'));
  return hundredths > 0n ? hundredths : undefined;
}

/** Without zeros at the end: "3", "0.5", "1.25". */
export function printHundredths(hundredths: bigint): string {
  const fraction = (hundredths % 100n).toString().padStart(2, '0').replace(/0+$/, '');
  return fraction === '' ? `${hundredths / 100n}` : `${hundredths / 100n}.${fraction}`;
}
