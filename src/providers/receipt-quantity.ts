const QUANTITY = /^(?:0|[1-9]\d{0,5})(?:\.\d{1,3})?$/;

/** The quantity of a line of a fiscal receipt, below a million, in thousandths; zero for what is no such quantity. */
export function quantityInThousandths(quantity: string): bigint {
  if (!QUANTITY.test(quantity)) return 0n;
  const [whole = '', fraction = ''] = quantity.split('.');
  return BigInt(whole + fraction.padEnd(3, '0'));
}
