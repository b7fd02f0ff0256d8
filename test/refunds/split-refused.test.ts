import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Money } from '../../src/money.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { SourceWish } from '../../src/refunds/refund-wish.ts';
import {
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('split_refused');
});
afterAll(() => t.close());

const rub = (value: string) => ({ value, currency: 'RUB' });
const money = (minor: bigint, currency: Money['currency'] = 'RUB'): Money => ({ minor, currency });
const of = (seller: string, minor: bigint, platformFee: bigint | null = null): SourceWish => ({
  seller,
  amount: money(minor),
  platformFee: platformFee === null ? null : money(platformFee),
});
const sources = (...wishes: SourceWish[]): Partial<CreateRefundCommand> => ({
  amount: { kind: 'sources', sources: wishes },
});
const platform = { feeBearer: 'PLATFORM' } as const;

/** 60.00 with a commission of 6.00, and 40.00 without one. */
const split = () =>
  t.payment('100.00', {
    sources: [
      { account: '200601', amount: rub('60.00'), platformFee: rub('6.00') },
      { account: '200602', amount: rub('40.00') },
    ],
  });

const atSources = (...rest: string[]) => ['input', 'amount', 'sources', ...rest];

interface Contradiction {
  readonly name: string;
  readonly more: Partial<CreateRefundCommand>;
  readonly problem: object;
}

const contradictions: Contradiction[] = [
  {
    name: 'a seller that the payment does not have',
    more: { ...sources(of('200603', 1_000n)), ...platform },
    problem: { type: 'InvalidInput', path: atSources('0', 'seller') },
  },
  {
    name: 'a seller that is named twice',
    more: { ...sources(of('200602', 1_000n), of('200602', 1_000n)), ...platform },
    problem: { type: 'InvalidInput', path: atSources('1', 'seller') },
  },
  {
    name: 'more than a seller has',
    more: { ...sources(of('200602', 4_001n)), ...platform },
    problem: {
      type: 'AmountExceedsRefundable',
      path: atSources('0', 'amount'),
      refundable: { minor: 4_000n, currency: 'RUB' },
    },
  },
  {
    name: 'more than the payment has',
    more: { ...sources(of('200601', 6_000n), of('200602', 4_001n)), ...platform },
    problem: { type: 'AmountExceedsRefundable', refundable: { minor: 10_000n, currency: 'RUB' } },
  },
  {
    name: 'a commission above what was withheld',
    more: sources(of('200601', 6_000n, 601n)),
    problem: { type: 'InvalidInput', path: atSources('0', 'platformFee') },
  },
  {
    name: 'a commission above the amount',
    more: sources(of('200601', 100n, 101n)),
    problem: { type: 'InvalidInput', path: atSources('0', 'platformFee') },
  },
  {
    name: 'a commission where none was withheld',
    more: sources(of('200602', 4_000n, 1n)),
    problem: { type: 'InvalidInput', path: atSources('0', 'platformFee') },
  },
  {
    name: 'a bearer of the commission and a commission',
    more: { ...sources(of('200601', 1_000n, 100n)), ...platform },
    problem: { type: 'InvalidInput', path: atSources('0', 'platformFee') },
  },
  {
    name: 'no bearer of a commission that was withheld',
    more: sources(of('200601', 1_000n)),
    problem: { type: 'FeeBearerRequired', path: ['input', 'feeBearer'] },
  },
  {
    name: 'a commission of one of two sellers only',
    more: sources(of('200602', 1_000n, 0n), of('200601', 1_000n)),
    problem: { type: 'FeeBearerRequired', path: ['input', 'feeBearer'] },
  },
  {
    name: 'all that is left without a bearer',
    more: { amount: { kind: 'remaining' } },
    problem: { type: 'FeeBearerRequired' },
  },
  {
    name: 'an amount that belongs to nobody in particular',
    more: { amount: { kind: 'money', money: money(1_000n) }, ...platform },
    problem: {
      type: 'AmountNotAllocatable',
      path: ['input', 'amount'],
      nearest: { minor: 10_000n, currency: 'RUB' },
    },
  },
  {
    name: 'a source in another currency',
    more: {
      amount: {
        kind: 'sources',
        sources: [{ seller: '200602', amount: money(100n, 'USD'), platformFee: null }],
      },
    },
    problem: {
      type: 'CurrencyMismatch',
      path: atSources('0', 'amount', 'currency'),
      expectedCurrency: 'RUB',
    },
  },
  {
    name: 'another refundable amount than expected',
    more: { ...sources(of('200602', 1_000n)), expectedRefundable: money(9_000n) },
    problem: { type: 'RefundableChanged', refundable: { minor: 10_000n, currency: 'RUB' } },
  },
  {
    name: 'a speed that the provider does not have',
    more: { ...sources(of('200602', 1_000n)), speed: 'OPTIMUM' },
    problem: { type: 'CapabilityMissing', capability: 'refundSpeeds', path: ['input', 'speed'] },
  },
];

test.each(contradictions)(
  '$name: nothing is sent, nothing is reserved, the key stays unused',
  async ({ more, problem }) => {
    const paymentId = await split();
    const requests = await watchRequests(t);
    const input = refundCommand(paymentId, 'remaining', more);
    expect(problemOf(await createRefund(t.world, t.caller(), input))).toMatchObject(problem);
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await expectSound(t, paymentId);
    const corrected = refundCommand(paymentId, 'remaining', {
      idempotencyKey: input.idempotencyKey,
      feeBearer: 'SELLER',
    });
    expect(valueOf(await createRefund(t.world, t.caller(), corrected)).replayed).toBe(false);
  },
);

test('a seller of an unsplit payment is the account itself, and another one is refused', async () => {
  const paymentId = await t.payment('100.00');
  const refused = await createRefund(
    t.world,
    t.caller(),
    refundCommand(paymentId, 'remaining', sources(of('200601', 1_000n))),
  );
  expect(problemOf(refused)).toMatchObject({ type: 'InvalidInput', path: atSources('0', 'seller') });
  valueOf(
    await createRefund(
      t.world,
      t.caller(),
      refundCommand(paymentId, 'remaining', sources(of('yookassa-demo', 1_000n))),
    ),
  );
  const { refunds } = await t.ledgerOf(paymentId);
  expect(refunds).toMatchObject([{ status: 'succeeded', amountMinor: '1000' }]);
  await expectSound(t, paymentId);
});

test('the nearest amount that is clear is all that is left, and it is taken', async () => {
  const paymentId = await split();
  const one = refundCommand(paymentId, 'remaining', sources(of('200602', 1_500n)));
  valueOf(await createRefund(t.world, t.caller(), one));
  const vague = refundCommand(paymentId, 8_000n, platform);
  expect(problemOf(await createRefund(t.world, t.caller(), vague))).toMatchObject({
    type: 'AmountNotAllocatable',
    nearest: { minor: 8_500n },
  });
  valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 8_500n, platform)));
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 10_000n });
  await expectSound(t, paymentId);
});

test('the order of the sellers makes no other content', async () => {
  const paymentId = await split();
  const idempotencyKey = newKey();
  const both = [of('200601', 1_000n), of('200602', 2_000n)];
  const first = refundCommand(paymentId, 'remaining', { idempotencyKey, ...sources(...both), ...platform });
  const made = valueOf(await createRefund(t.world, t.caller(), first));
  const turned = { ...first, ...sources(...both.toReversed()) };
  expect(valueOf(await createRefund(t.world, t.caller(), turned))).toEqual({
    refundId: made.refundId,
    replayed: true,
  });
  const another = { ...first, feeBearer: 'SELLER' as const };
  expect(problemOf(await createRefund(t.world, t.caller(), another))).toMatchObject({
    type: 'IdempotencyKeyReused',
  });
});
