import { toCurrency } from '../money.ts';
import type { FiscalReceipt } from '../vocabulary.ts';

/** A receipt as `jsonb` holds it: minor units as digit strings, since JSON numbers end at 2^53. */
export type StoredReceipt = Omit<FiscalReceipt, 'items'> & {
  readonly items: readonly (Omit<FiscalReceipt['items'][number], 'unitPrice'> & {
    readonly unitPrice: { readonly minorUnits: string; readonly currency: string };
  })[];
};

export const toStoredReceipt = (receipt: FiscalReceipt): StoredReceipt => ({
  ...receipt,
  items: receipt.items.map((item) => ({
    ...item,
    unitPrice: { minorUnits: item.unitPrice.minor.toString(), currency: item.unitPrice.currency },
  })),
});

export const fromStoredReceipt = (stored: StoredReceipt): FiscalReceipt => ({
  ...stored,
  items: stored.items.map((item) => ({
    ...item,
    unitPrice: { minor: BigInt(item.unitPrice.minorUnits), currency: toCurrency(item.unitPrice.currency) },
  })),
});
