import { toCurrency, type Money } from '../money.ts';

/** An amount column of a row that says its currency. */
export const money = (row: { readonly currency: string }, minor: bigint): Money => ({
  minor,
  currency: toCurrency(row.currency),
});
