const ZERO_DECIMALS = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' '));
const THREE_DECIMALS = new Set('BHD IQD JOD KWD OMR TND'.split(' '));

/** Decimals of a currency at this provider (docs payments/international-payments): 0, 3, otherwise 2. */
export function exponentOf(currency: string): number {
  if (ZERO_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/** The currencies whose minimum refund of 1.00 is documented. */
export const MINIMUM_DOCUMENTED: ReadonlySet<string> = new Set(['INR', 'MYR']);

/** The only currency with instant refunds. */
export const INSTANT_CURRENCY = 'INR';
