import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtDuePayments } from '../../src/refunds/look-at-payments.ts';
import type { World } from '../../src/refunds/world.ts';
import { createElsewhereWorld, type ElsewhereWorld } from '../support/made-elsewhere.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';

let e: ElsewhereWorld;
/** The provider counts its refunds to this process, and does not list them. */
let unlisted: World;
beforeAll(async () => {
  e = await createElsewhereWorld('mismatch');
  unlisted = await e.showing(() => undefined);
});
afterAll(() => e.t.close());
beforeEach(async () => {
  await clearFaults(e.t);
  await refundsAre(e.t, 'instant');
  // What an earlier test left to look at is none of this one's business.
  await e.t.database.db.updateTable('payments').set({ next_look_at: null }).execute();
  e.alerts();
});

const eventsOf = async (paymentId: string) => {
  const { id } = await paymentRow(e.t, paymentId);
  return e.t.database.db
    .selectFrom('events')
    .select(['kind', 'evidence'])
    .where('payment_id', '=', id)
    .where('refund_id', 'is', null)
    .orderBy('id')
    .execute();
};
const lookAtDue = (world: World = e.t.world) => lookAtDuePayments(world, e.connection(world));

describe('a sum of the provider that ours do not explain', () => {
  test('is told once, when two looks a gap apart have shown it, and once more when it has ended', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    await e.see(paymentId, unlisted);
    // Looks in a moment are one look.
    await e.see(paymentId, unlisted);
    expect(e.alerts()).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ mismatch_looks: 1 });
    await t.advance(61);
    expect(await lookAtDue(unlisted)).toBe(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ mismatch_looks: 2 });
    for (const seconds of [3_600, 3_600, 86_400]) {
      await t.advance(seconds);
      await lookAtDue(unlisted);
    }
    expect(e.alerts()).toEqual(['PAYMENT_MISMATCH']);
    const figures = { refundedMinor: '0', reservedMinor: '0', unboundMinor: '0' };
    expect(await eventsOf(paymentId)).toEqual([
      { kind: 'payment.mismatch', evidence: { ...figures, providerRefundedMinor: '40000' } },
    ]);
    await t.advance(86_400);
    expect(await lookAtDue()).toBe(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      mismatch_looks: 0,
      next_look_at: null,
      refunded_minor: 40_000n,
    });
    expect((await eventsOf(paymentId)).map(({ kind }) => kind)).toEqual([
      'payment.mismatch',
      'payment.matched',
    ]);
    expect(e.alerts()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('is one, too, when the provider has returned less than we believe', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await e.decide(refundId, 'SUCCEEDED');
    await e.see(paymentId);
    await t.advance(61);
    expect(await lookAtDue()).toBe(1);
    expect(e.alerts()).toEqual(['PAYMENT_MISMATCH']);
  });

  test('is none while a difference is one of a moment', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    await e.see(paymentId, unlisted);
    await e.see(paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({ mismatch_looks: 0, next_look_at: null });
    await t.advance(61);
    expect(await lookAtDue()).toBe(0);
    expect(await eventsOf(paymentId)).toEqual([]);
  });

  test('is none when the provider goes on counting what came back', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await e.see(paymentId, await e.showing((facts) => ({ ...facts, status: 'FAILED' })));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({
      provider_refunded_minor: 40_000n,
      refunded_minor: 0n,
      mismatch_looks: 0,
    });
  });

  test('is none while what is under way, unclear or nobody’s explains it', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    valueOf(await createRefund(unlisted, t.caller(), refundCommand(paymentId, 40_000n)));
    await refundsAre(t, 'pending');
    valueOf(await createRefund(unlisted, t.caller(), refundCommand(paymentId, 30_000n)));
    await e.see(paymentId, unlisted);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 70_000n, mismatch_looks: 0 });
    await settleAll(t, 'succeeded');
    await e.see(paymentId, unlisted);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      provider_refunded_minor: 70_000n,
      mismatch_looks: 0,
    });
  });
});

describe('a refund that is nobody’s yet', () => {
  test('makes the payment due, and becomes EXTERNAL as soon as the last unclear leg has ended', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await consoleRefund(t, paymentId, '100.00');
    await e.see(paymentId);
    const before = await paymentRow(t, paymentId);
    expect(before).toMatchObject({ unbound_minor: 10_000n, refunded_minor: 0n });
    expect(before.next_look_at!.getTime()).toBeGreaterThan(before.as_of.getTime());
    // Nothing new at the looks in between, which grow rarer.
    await t.advance(61);
    expect(await lookAtDue()).toBe(1);
    expect(await lookAtDue()).toBe(0);
    await e.decide(refundId, 'FAILED');
    expect(await lookAtDue()).toBe(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      unbound_minor: 0n,
      refunded_minor: 10_000n,
      next_look_at: null,
    });
    await expectSound(t, paymentId);
  });

  test('and that nobody can attribute is told once, and looked at ever more rarely', async () => {
    const { t } = e;
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('100.00', {
      sources: [
        { account: '200601', amount: rub('60.00') },
        { account: '200602', amount: rub('40.00') },
      ],
    });
    await consoleRefund(t, paymentId, '100.00');
    const anonymous = await e.showing((facts) => ({ ...facts, sources: [] }));
    await e.see(paymentId, anonymous);
    for (let day = 0; day < 3; day += 1) {
      await t.advance(86_400);
      expect(await lookAtDue(anonymous)).toBe(1);
    }
    expect(e.alerts()).toEqual(['EXTERNAL_REFUND_NOT_ATTRIBUTABLE']);
    const { next_look_at: next, unbound_minor: unbound } = await paymentRow(t, paymentId);
    expect(unbound).toBe(10_000n);
    expect(next!.getTime() - t.clock.now().getTime()).toBeGreaterThan(23 * 3_600_000);
  });
});

test('a refund that came back and is said to have succeeded after all is told once, and stays', async () => {
  const { t } = e;
  const paymentId = await t.payment('1500.00');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  await e.see(paymentId, await e.showing((facts) => ({ ...facts, status: 'FAILED', rawStatus: 'canceled' })));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED' });
  for (let look = 0; look < 2; look += 1) await e.see(paymentId);
  expect(e.alerts()).toEqual(['REFUND_CONTRADICTED', 'FINAL_REFUND_DIFFERS']);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
});

test('a final refund whose amount is told once for every amount, and stays', async () => {
  const { t } = e;
  const paymentId = await t.payment('1500.00');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  for (const minor of [39_000n, 39_000n, 38_000n]) {
    const other = await e.showing((facts) => ({ ...facts, amount: { ...facts.amount, minor } }));
    await e.see(paymentId, other);
  }
  expect(e.alerts()).toEqual(['FINAL_REFUND_DIFFERS', 'FINAL_REFUND_DIFFERS']);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
  await expectSound(t, paymentId);
});
