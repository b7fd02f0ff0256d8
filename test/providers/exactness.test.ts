import { plainOrder } from './known-refund.ts';
import { describe, expect, test } from 'vitest';
import { type Currency, currencies, exponentOf, MAX_MINOR } from '../../src/money.ts';
import type { RefundOrder } from '../../src/providers/provider.ts';
import { fromWire as fromRazorpay } from '../../src/providers/razorpay/money.ts';
import { razorpay } from '../../src/providers/razorpay/index.ts';
import { fromWire as fromStripe } from '../../src/providers/stripe/money.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { fromWire as fromYooKassa } from '../../src/providers/yookassa/money.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';

/** ISO 4217 without what Razorpay's list of supported currencies has. */
const notAtRazorpay: ReadonlySet<string> = new Set(
  (
    'AFN AOA ARS BOV BYN CDF CHE CHW CLF COU ERN FKP GEL IRR KPW LBP LYD MRU MXV PAB ' +
    'SBD SDG SHP SLE SRD SSP STN SYP TJS TMT TOP USN UYI UYW VED VES WST XAD XCG ZWG'
  ).split(' '),
);
const atYooKassa: ReadonlySet<string> = new Set('AMD AZN BYN EUR INR KZT MDL RUB TRY UAH USD UZS'.split(' '));

/** ISO 4217 without what is counted in hundredths, and what Stripe's list of currencies names. */
const notAtStripe: ReadonlySet<string> = new Set('CLF IQD LYD UYI UYW'.split(' '));
/** How Stripe counts what it does not count as ISO 4217 does: its units for one minor unit, and minor units for one of its. */
const ratiosAtStripe = new Map<string, readonly [up: bigint, down: bigint]>([
  ['ISK', [100n, 1n]],
  ['UGX', [100n, 1n]],
  ['MGA', [1n, 100n]],
]);

const JSON_MAX = 2n ** 53n - 1n;

const orderOf = (providerPaymentId: string, minor: bigint, currency: Currency): RefundOrder => ({
  providerPaymentId,
  amount: { minor, currency },
  providerKey: '0'.repeat(40),
  metadata: {},
  receipt: null,
  ...plainOrder,
});

const table = currencies.map((currency) => ({ currency, exponent: exponentOf(currency) }));

describe.each(table)('$currency of $exponent decimals', ({ currency, exponent }) => {
  const problemsAt = {
    yookassa: (minor: bigint) => yookassa.checkRefund(orderOf('2c85b35e-000f-5000-8000-1', minor, currency)),
    razorpay: (minor: bigint) => razorpay.checkRefund(orderOf('pay_SimPayment0001', minor, currency)),
    stripe: (minor: bigint) => stripe.checkRefund(orderOf('pi_SimPayment0001', minor, currency)),
  };

  if (atYooKassa.has(currency))
    test.each([1n, 410n, JSON_MAX, JSON_MAX + 2n, MAX_MINOR])(
      'YooKassa takes %i minor units as a text of two decimals and gives them back',
      (minor) => {
        expect(problemsAt.yookassa(minor)).toEqual([]);
        const { body } = yookassa.buildRefund(orderOf('2c85b35e-000f-5000-8000-1', minor, currency));
        const { amount } = JSON.parse(body ?? '') as { amount: { value: string; currency: string } };
        expect(amount.value).toMatch(/^\d+\.\d\d$/);
        expect(BigInt(amount.value.replace('.', ''))).toBe(minor);
        expect(fromYooKassa(amount)).toEqual({ minor, currency });
      },
    );
  else
    test('YooKassa does not take it', () => {
      expect(problemsAt.yookassa(410n)).toEqual([
        { path: ['amount'], message: `YooKassa does not take ${currency}.` },
      ]);
      expect(() => yookassa.buildRefund(orderOf('p', 410n, currency))).toThrow(RangeError);
      expect(fromYooKassa({ value: '4.10', currency })).toBeUndefined();
    });

  if (notAtStripe.has(currency))
    test('Stripe does not take it', () => {
      expect(problemsAt.stripe(410n)).toEqual([
        { path: ['amount'], message: `Stripe does not take ${currency}.` },
      ]);
      expect(fromStripe({ amount: 410, currency: currency.toLowerCase() })).toBeUndefined();
    });
  else {
    const [up, down] = ratiosAtStripe.get(currency) ?? [1n, 1n];
    const steps = exponent === 3 ? 10n : down;
    const most = (JSON_MAX * down) / up;

    test.each([steps, 410n * steps, most - (most % steps)])(
      'Stripe takes %i minor units as a number of its own units and gives them back',
      (minor) => {
        expect(problemsAt.stripe(minor)).toEqual([]);
        const { body } = stripe.buildRefund(orderOf('pi_SimPayment0001', minor, currency));
        const digits = new URLSearchParams(body ?? '').get('amount') ?? '';
        expect(BigInt(digits)).toBe((minor * up) / down);
        expect(fromStripe({ amount: Number(digits), currency: currency.toLowerCase() })).toEqual({
          minor,
          currency,
        });
      },
    );

    test.each([most - (most % steps) + steps, MAX_MINOR])('Stripe refuses %i', (minor) => {
      expect(problemsAt.stripe(minor)).toMatchObject([
        { path: ['amount'], message: expect.stringContaining('Stripe takes at most') },
      ]);
    });

    if (steps > 1n)
      test('Stripe refuses what is between its steps and names the nearest amounts', () => {
        for (const minor of [99n * steps + 1n, 100n * steps - 1n])
          expect(problemsAt.stripe(minor)).toMatchObject([
            { path: ['amount'], nearestMinor: [99n * steps, 100n * steps] },
          ]);
      });
  }

  if (notAtRazorpay.has(currency)) {
    test('Razorpay does not take it', () => {
      expect(problemsAt.razorpay(410n)).toEqual([
        { path: ['amount'], message: `Razorpay does not take ${currency}.` },
      ]);
      expect(fromRazorpay({ amount: 410, currency })).toBeUndefined();
    });
    return;
  }
  const step = exponent === 3 ? 10n : 1n;
  const largest = JSON_MAX - (JSON_MAX % step);

  test.each([step, 410n, largest])(
    'Razorpay takes %i minor units as a number and gives them back',
    (minor) => {
      expect(problemsAt.razorpay(minor)).toEqual([]);
      const { body } = razorpay.buildRefund(orderOf('pay_SimPayment0001', minor, currency));
      const digits = /^\{"amount":(\d+),/.exec(body ?? '')?.[1] ?? '';
      expect(BigInt(digits)).toBe(minor);
      expect(fromRazorpay({ amount: Number(digits), currency })).toEqual({ minor, currency });
    },
  );

  test.each([largest + step, MAX_MINOR])('Razorpay refuses %i and names the most it takes', (minor) => {
    const digits = largest.toString();
    const most = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
    expect(problemsAt.razorpay(minor)).toEqual([
      { path: ['amount'], message: `Razorpay takes at most ${most} ${currency}.` },
    ]);
  });

  if (exponent === 3)
    test('Razorpay refuses a last decimal that is not 0 and names the nearest amounts', () => {
      for (let last = 1n; last <= 9n; last += 1n)
        expect(problemsAt.razorpay(99_990n + last)).toEqual([
          {
            path: ['amount'],
            message: `Razorpay takes ${currency} with a last decimal of 0 only: 99.990 ${currency} or 100.000 ${currency}.`,
          },
        ]);
    });
});

test('the tables name ISO 4217 currencies only', () => {
  for (const code of [...notAtRazorpay, ...atYooKassa, ...notAtStripe, ...ratiosAtStripe.keys()])
    expect(currencies).toContain(code);
});
