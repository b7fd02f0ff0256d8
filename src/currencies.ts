/**
 * The active currencies of ISO 4217 with their exponent: how many decimals one unit has.
 *
 * Source: ISO 4217 "List One: Current currency and funds", published by SIX as the maintenance agency, with all
 * amendments up to number 180 (24 September 2025, in force since 1 January 2026). Recent changes in it: SLL is
 * SLE (175), ANG is XCG (176), ZWL is ZWG (177), CUC is withdrawn (178), XAD is new (179), BGN is withdrawn because
 * Bulgaria took the euro (180). HRK went in 2023 (174).
 *
 * Left out on purpose: codes for which ISO names no minor unit, because money in them cannot be counted in integers.
 * These are XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX.
 *
 * `Intl` is no substitute: it follows usage, not the standard (IQD 0, HUF 0), and lacks the fund codes. The
 * deviations are listed in test/currencies.test.ts. What a provider counts differently (Stripe: ISK in hundredths)
 * is the business of its adapter.
 */
const codesByExponent = {
  0: ['BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  2: [
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD',
    'CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP',
    'GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT',
    'LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN',
    'NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD',
    'SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER',
    'ZAR ZMW ZWG',
  ],
  3: ['BHD IQD JOD KWD LYD OMR TND'],
  4: ['CLF UYW'],
} as const;

type Words<Text extends string, Found = never> = Text extends `${infer Head} ${infer Tail}`
  ? Words<Tail, Found | Head>
  : Found | Text;

/** Digits after the decimal point, as ISO 4217 knows them. */
export type Exponent = keyof typeof codesByExponent;

/** An active ISO 4217 code, upper case. Text from outside becomes one through `isCurrency`. */
export type Currency = Words<(typeof codesByExponent)[Exponent][number]>;

const exponents: ReadonlyMap<string, Exponent> = new Map(
  ([0, 2, 3, 4] as const).flatMap((exponent) =>
    codesByExponent[exponent].flatMap((line) => line.split(' ').map((code) => [code, exponent] as const)),
  ),
);

/** Whether the text is an active ISO 4217 code, exactly: `rub`, `RUR` and ` RUB` are not. */
export function isCurrency(text: string): text is Currency {
  return exponents.has(text);
}

/** The number of decimals of a currency: JPY 0, RUB 2, KWD 3, CLF 4. */
export function exponentOf(currency: Currency): Exponent {
  const exponent = exponents.get(currency);
  if (exponent === undefined)
    throw new RangeError(`Not an active ISO 4217 currency: ${JSON.stringify(currency)}`);
  return exponent;
}

/** All active currencies, in alphabetical order. */
export const currencies: readonly Currency[] = [...exponents.keys()].filter(isCurrency).toSorted();
