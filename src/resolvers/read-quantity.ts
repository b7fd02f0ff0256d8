const quantityPattern = /^(0|[1-9]\d{0,8})(?:\.(\d{1,3}))?$/;

/**
 * A quantity in thousandths, exactly; undefined for anything but a decimal above zero, below 10^9 and with
 * at most three digits after the point.
 */
export function readThousandths(text: string): bigint | undefined {
  const match = quantityPattern.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const thousandths = BigInt(whole + fraction.padEnd(3, '0'));
  return thousandths > 0n ? thousandths : undefined;
}
