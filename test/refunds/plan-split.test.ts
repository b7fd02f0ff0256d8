import { describe, expect, test } from 'vitest';
import type { PaymentSource } from '../../src/db/payments.ts';
import type { Money } from '../../src/money.ts';
import { decideRefund } from '../../src/refunds/decide-refund.ts';
import { planLegs } from '../../src/refunds/plan-legs.ts';
import type { RefundWish, SourceWish } from '../../src/refunds/refund-wish.ts';
import { problemOf, valueOf } from '../support/rules.ts';
import { paymentRow, situation, sourceRow, wish } from './situation.ts';

const rub = (minor: bigint): Money => ({ minor, currency: 'RUB' });
const a = sourceRow({ seller: 'a', captured_minor: 90_000n, platform_fee_minor: 9_000n });
const b = sourceRow({ seller: 'b', captured_minor: 60_000n });
const payment = paymentRow();
const of = (seller: string, minor: bigint, fee: bigint | null = null): SourceWish => ({
  seller,
  amount: rub(minor),
  platformFee: fee === null ? null : rub(fee),
});
const sources = (...wishes: SourceWish[]): RefundWish['amount'] => ({ kind: 'sources', sources: wishes });

const plan = (more: Partial<RefundWish>, rows: PaymentSource[] = [a, b], of = payment) =>
  planLegs('demo', of, rows, wish(more));

const legsOf = (result: ReturnType<typeof plan>) =>
  valueOf(result).legs.map((leg) => ({
    name: leg.name,
    amount: leg.amountMinor,
    fees: leg.shares.map((share) => share.platformFeeMinor),
    told: leg.sellers.map(({ seller }) => seller),
  }));

describe('one call for all sellers', () => {
  test('only for the whole captured sum with no commission to give back', () => {
    expect(legsOf(plan({ feeBearer: 'SELLER' }))).toEqual([
      { name: 'all', amount: 150_000n, fees: [null, null], told: [] },
    ]);
    const asSources = sources(of('a', 90_000n, 0n), of('b', 60_000n));
    expect(legsOf(plan({ amount: asSources }))).toMatchObject([{ name: 'all', told: [] }]);
    const asMoney = { kind: 'money' as const, money: rub(150_000n) };
    expect(legsOf(plan({ amount: asMoney, feeBearer: 'SELLER' }))).toMatchObject([{ name: 'all' }]);
  });

  test.each([
    ['the platform bears the commission', { feeBearer: 'PLATFORM' as const }, {}, ['a', 'b']],
    [
      'one seller keeps something',
      { amount: sources(of('a', 90_000n, 0n), of('b', 59_999n)) },
      {},
      ['a', 'b'],
    ],
  ])('not when %s', (_name, more, facts, names) => {
    const legs = legsOf(plan(more, [a, b], paymentRow(facts)));
    expect(legs.map(({ name, told }) => [name, told])).toEqual(names.map((name) => [name, [name]]));
  });

  test('not when something was refunded or is reserved', () => {
    const refunded = { ...b, refunded_minor: 10_000n };
    const first = plan({ feeBearer: 'SELLER' }, [a, refunded], paymentRow({ refunded_minor: 10_000n }));
    expect(legsOf(first).map(({ name, amount }) => [name, amount])).toEqual([
      ['a', 90_000n],
      ['b', 50_000n],
    ]);
    const reserved = { ...a, reserved_minor: 90_000n };
    const second = plan({ feeBearer: 'SELLER' }, [reserved, b], paymentRow({ reserved_minor: 90_000n }));
    expect(legsOf(second).map(({ name }) => name)).toEqual(['b']);
  });

  test('for a payment whose one seller is not the account', () => {
    const alone = sourceRow({ seller: 'a', platform_fee_minor: 9_000n });
    expect(legsOf(plan({ feeBearer: 'SELLER' }, [alone]))).toMatchObject([{ name: 'all', told: [] }]);
    const part = { kind: 'money' as const, money: rub(50_000n) };
    expect(legsOf(plan({ amount: part, feeBearer: 'PLATFORM' }, [alone]))).toEqual([
      { name: 'a', amount: 50_000n, fees: [3_000n], told: ['a'] },
    ]);
  });
});

describe('an amount that cannot be attributed', () => {
  const part = { kind: 'money' as const, money: rub(10_000n) };

  test('names all that is left as the nearest', () => {
    expect(problemOf(plan({ amount: part, feeBearer: 'SELLER' }))).toMatchObject({
      type: 'AmountNotAllocatable',
      nearest: rub(150_000n),
    });
  });

  test('names nothing where a refund of unknown source hides what is left', () => {
    const unclear = paymentRow({ unbound_minor: 10_000n });
    expect(problemOf(plan({ feeBearer: 'SELLER' }, [a, b], unclear))).toMatchObject({
      type: 'AmountNotAllocatable',
      nearest: null,
    });
    // And no seller returns what may have been its own already.
    expect(problemOf(plan({ amount: sources(of('b', 50_001n)) }, [a, b], unclear))).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: rub(50_000n),
    });
    expect(legsOf(plan({ amount: sources(of('b', 50_000n)) }, [a, b], unclear))).toHaveLength(1);
  });
});

test('a seller whose sum is broken returns nothing', () => {
  const broken = { ...b, overcommitted: true };
  expect(problemOf(plan({ amount: sources(of('b', 1n)) }, [a, broken]))).toMatchObject({
    type: 'AmountExceedsRefundable',
    refundable: rub(0n),
  });
});

test('a provider that cannot refund one seller is not asked to, and takes the whole', () => {
  const { capabilities } = situation();
  const unable = {
    ...situation({ capabilities: { ...capabilities, splitRefunds: false } }),
    accountCode: 'demo',
    sources: [a, b],
  };
  expect(problemOf(decideRefund(unable, wish({ feeBearer: 'PLATFORM' })))).toMatchObject({
    type: 'CapabilityMissing',
    capability: 'splitRefunds',
  });
  expect(decideRefund(unable, wish({ feeBearer: 'SELLER' })).ok).toBe(true);
});

test('the account named as the seller of an unsplit payment is nothing to tell a provider', () => {
  const own = plan({ amount: sources(of('demo', 500n)) }, [sourceRow()]);
  expect(legsOf(own)).toEqual([{ name: 'all', amount: 500n, fees: [null], told: [] }]);
});
