import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  valueOf,
} from '../support/rules.ts';
import { createLiar, notReturned, resolve, returned } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let liar: Awaited<ReturnType<typeof createLiar>>;
beforeAll(async () => {
  t = await createTestWorld('resolve_other_amount');
  liar = await createLiar(t);
});
afterAll(() => t.close());

const sync = (refundId: RefundId) => syncRefund(liar.world, t.caller(), { refundId, waitMs: 10_000 });
const see = (paymentId: string) =>
  seePayment(
    liar.world,
    liar.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!,
    paymentId,
  );

/** A refund for whose amount the provider names another one, in minor units, of a payment of 1500.00. */
async function differing(askedMinor: bigint, namedMinor: bigint) {
  const paymentId = await t.payment('1500.00');
  liar.lie(paymentId, { minor: namedMinor });
  const { refundId } = valueOf(
    await createRefund(liar.world, t.caller(), refundCommand(paymentId, askedMinor)),
  );
  const { status, attention, legs } = await refundRow(t, refundId);
  expect({ status, attention }).toEqual({ status: 'MANUAL_REVIEW', attention: 'MANUAL_REVIEW' });
  return { paymentId, refundId, providerRefundId: legs[0]!.provider_refund_id! };
}

const sums = async (paymentId: string) => {
  const { refunded_minor, reserved_minor, overcommitted } = await paymentRow(t, paymentId);
  return { refunded_minor, reserved_minor, overcommitted };
};

describe('a provider that returned another amount', () => {
  test('is taken at its word, within the life of the key: what it returned counts', async () => {
    const { paymentId, refundId, providerRefundId } = await differing(40_000n, 30_000n);
    valueOf(await resolve(t, refundId, returned(30_000n, { providerRefundId })));
    const resolved = await refundRow(t, refundId);
    expect(resolved).toMatchObject({ status: 'SUCCEEDED', returned_minor: 30_000n, attention: null });
    expect(resolved.legs[0]).toMatchObject({ returned_minor: 30_000n, failure: null });
    expect(await sums(paymentId)).toEqual({
      refunded_minor: 30_000n,
      reserved_minor: 0n,
      overcommitted: false,
    });
    await expectSound(t, paymentId, { quiet: false });
    // Later looks find what was counted, and change nothing.
    const { version } = await refundRow(t, refundId);
    valueOf(await sync(refundId));
    await see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', version });
  });

  test('gives back what was counted when the return is taken back', async () => {
    const { paymentId, refundId, providerRefundId } = await differing(40_000n, 30_000n);
    valueOf(await resolve(t, refundId, returned(30_000n, { providerRefundId })));
    liar.lie(paymentId, { status: 'FAILED' });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
    expect(await sums(paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('that returned more than was left is recorded all the same', async () => {
    const { paymentId, refundId, providerRefundId } = await differing(40_000n, 160_000n);
    valueOf(await resolve(t, refundId, returned(160_000n, { providerRefundId })));
    expect(await sums(paymentId)).toEqual({
      refunded_minor: 160_000n,
      reserved_minor: 0n,
      overcommitted: true,
    });
    await expectSound(t, paymentId, { quiet: false });
    const more = await createRefund(t.world, t.caller(), refundCommand(paymentId, 100n));
    expect(more.ok).toBe(false);
  });

  test('that took what another refund waits for: that one fails, unsent', async () => {
    const { paymentId, refundId, providerRefundId } = await differing(40_000n, 120_000n);
    await armFault(t, 'rate-limited');
    const waiting = valueOf(
      await createRefund(liar.world, t.caller(), refundCommand(paymentId, 50_000n)),
    ).refundId;
    expect(await refundRow(t, waiting)).toMatchObject({ status: 'QUEUED' });
    valueOf(await resolve(t, refundId, returned(120_000n, { providerRefundId })));
    expect(await refundRow(t, waiting)).toMatchObject({
      status: 'FAILED',
      legs: [{ failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE' } }],
    });
    expect(await sums(paymentId)).toEqual({
      refunded_minor: 120_000n,
      reserved_minor: 0n,
      overcommitted: false,
    });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('that took more of one seller than it had: what waits to take from that seller fails', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00') },
        { account: '200602', amount: rub('600.00') },
      ],
    });
    const ofFirst = (minor: bigint) => {
      const amount = { minor, currency: 'RUB' as const };
      const sources = [{ seller: '200601', amount, platformFee: null }];
      return refundCommand(paymentId, 'remaining', { amount: { kind: 'sources', sources } });
    };
    liar.lie(paymentId, { minor: 80_000n });
    const { refundId } = valueOf(await createRefund(liar.world, t.caller(), ofFirst(40_000n)));
    await armFault(t, 'rate-limited');
    const waiting = valueOf(await createRefund(liar.world, t.caller(), ofFirst(50_000n))).refundId;
    expect(await refundRow(t, waiting)).toMatchObject({ status: 'QUEUED' });
    const { provider_refund_id: providerRefundId } = (await refundRow(t, refundId)).legs[0]!;
    valueOf(await resolve(t, refundId, returned(80_000n, { providerRefundId })));
    expect(await refundRow(t, waiting)).toMatchObject({ status: 'FAILED' });
    expect(await sums(paymentId)).toMatchObject({ refunded_minor: 80_000n, reserved_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('must be quoted: its id, its amount, its status', async () => {
    const { paymentId, refundId, providerRefundId } = await differing(40_000n, 30_000n);
    const path = ['input', 'verdict', 'returned'];
    const problem = async (...[minor, more]: Parameters<typeof returned>) =>
      problemOf(await resolve(t, refundId, returned(minor, more)));
    expect(await problem(30_000n)).toMatchObject({ path: [...path, 'providerRefundId'] });
    expect(await problem(30_000n, { providerRefundId: 'another' })).toMatchObject({
      path: [...path, 'providerRefundId'],
      message: expect.stringContaining(providerRefundId),
    });
    expect(await problem(40_000n, { providerRefundId })).toMatchObject({
      path: [...path, 'amount'],
      message: expect.stringContaining('300.00 RUB'),
    });
    liar.lie(paymentId, { status: 'PENDING' });
    valueOf(await sync(refundId));
    expect(await problem(30_000n, { providerRefundId })).toMatchObject({
      type: 'NotResolvable',
      retry: 'WAIT',
    });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
  });

  test('cannot be said to have returned nothing, until it says so itself', async () => {
    const { refundId } = await differing(40_000n, 30_000n);
    // The sender is long gone, and the provider still knows the key.
    await t.advance(3_600);
    expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({ retry: 'WAIT' });
    await t.advance(24 * 3_600);
    expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({
      type: 'NotResolvable',
      retry: 'ASK_A_HUMAN',
    });
  });

  test('that says so itself is believed at once', async () => {
    const { paymentId, refundId } = await differing(40_000n, 30_000n);
    liar.lie(paymentId, { status: 'FAILED' });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    valueOf(await resolve(t, refundId, notReturned));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
    expect(await sums(paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
  });

  test('of several sellers is left to somebody who knows whose it was', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00') },
        { account: '200602', amount: rub('600.00') },
      ],
    });
    liar.lie(paymentId, { minor: 140_000n });
    const { refundId } = valueOf(
      await createRefund(liar.world, t.caller(), refundCommand(paymentId, 'remaining')),
    );
    const [leg] = (await refundRow(t, refundId)).legs;
    const verdict = returned(140_000n, { providerRefundId: leg!.provider_refund_id });
    expect(problemOf(await resolve(t, refundId, verdict))).toMatchObject({
      type: 'NotResolvable',
      retry: 'ASK_A_HUMAN',
    });
  });
});

test('whatever was asked for, named and taken back, the sums are those of the legs', async () => {
  const step = fc.record({
    asked: fc.bigInt({ min: 100n, max: 60_000n }),
    named: fc.bigInt({ min: 100n, max: 90_000n }),
    isReversed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      const paymentId = await t.payment('1500.00');
      for (const { asked, named, isReversed } of steps) {
        liar.lie(paymentId, { minor: named, status: 'SUCCEEDED' });
        const command = refundCommand(paymentId, asked);
        const created = await createRefund(liar.world, t.caller(), command);
        if (!created.ok) continue;
        const { refundId } = created.value;
        const { status, legs } = await refundRow(t, refundId);
        // It has paid out what was asked for each time, whatever it named, and may have less left than we think.
        if (status === 'FAILED') continue;
        if (status === 'MANUAL_REVIEW') {
          const providerRefundId = legs[0]!.provider_refund_id;
          valueOf(await resolve(t, refundId, returned(named, { providerRefundId })));
        }
        await expectSound(t, paymentId, { quiet: false });
        if (!isReversed) continue;
        liar.lie(paymentId, { status: 'FAILED' });
        valueOf(await sync(refundId));
        expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
        await expectSound(t, paymentId, { quiet: false });
      }
    }),
    { numRuns: 10 },
  );
});
