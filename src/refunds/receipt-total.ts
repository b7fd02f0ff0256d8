import type { FiscalReceipt } from '../vocabulary.ts';

const quantityDecimals = 3;

/**
 * The sum of quantity times unit price in minor units, or undefined when it is no whole number of them.
 * Quantities are decimals with at most three digits after the point.
 */
export function receiptTotalMinor(receipt: FiscalReceipt): bigint | undefined {
  const thousandths = receipt.items.reduce(
    (sum, item) => sum + quantityInThousandths(item.quantity) * item.unitPrice.minor,
    0n,
  );
  const scale = 10n ** BigInt(quantityDecimals);
  return thousandths % scale === 0n ? thousandths / scale : undefined;
}

function quantityInThousandths(quantity: string): bigint {
  const [whole = '', fraction = ''] = quantity.split('.');
  return BigInt(whole + fraction.padEnd(quantityDecimals, '0'));
}
