import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { resolveRefund } from '../../src/refunds/resolve-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { queueRefund, recordLog, silentWorld } from '../support/engine.ts';
import { backUp, restore } from '../support/restore.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import {
  ACCOUNT,
  armStripe,
  settleStripe,
  stripeCommand,
  stripeMode,
  stripePayment,
} from '../support/stripe.ts';
import { createLiar, notReturned, resolve } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let old: TestWorld | undefined;
beforeAll(async () => {
  t = await createTestWorld('stopped_refunds');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  await stripeMode(t, { refunds: 'requires_action' });
});
afterEach(async () => {
  await old?.close();
  old = undefined;
});

const sync = (refundId: RefundId, world: World = t.world) =>
  syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });
const statusAfter = async (refundId: RefundId, world: World) => {
  valueOf(await sync(refundId, world));
  return (await refundRow(t, refundId)).status;
};

describe('a provider that says that a refund was stopped', () => {
  test('after it had succeeded: the money came back', async () => {
    const liar = await createLiar(t);
    const paymentId = await t.payment('1500.00');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    liar.lie(paymentId, { status: 'CANCELED' });
    expect(await statusAfter(refundId, liar.world)).toBe('REVERSED');
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
  });

  test('after it had failed: nothing changes', async () => {
    const liar = await createLiar(t);
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'refuse', { code: 'general_decline' });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
    const { version } = await refundRow(t, refundId);
    liar.lie(paymentId, { status: 'CANCELED' });
    expect(await statusAfter(refundId, liar.world)).toBe('FAILED');
    expect((await refundRow(t, refundId)).version).toBe(version);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
  });

  test('under review ends the review, when the amount is the one that was asked for', async () => {
    const liar = await createLiar(t);
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    liar.lie(paymentId, { minor: 30_000n });
    expect(await statusAfter(refundId, liar.world)).toBe('MANUAL_REVIEW');
    liar.lie(paymentId, { minor: 40_000n, status: 'CANCELED' });
    expect(await statusAfter(refundId, liar.world)).toBe('CANCELED');
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
  });

  test('of another amount: a person may say at once that nothing was returned', async () => {
    const liar = await createLiar(t);
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    liar.lie(paymentId, { minor: 30_000n, status: 'CANCELED' });
    expect(await statusAfter(refundId, liar.world)).toBe('MANUAL_REVIEW');
    valueOf(await resolve(t, refundId, notReturned, liar.world));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
  });

  test('that an earlier attempt has made: that is over, and nobody’s', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const blind: World = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await stripe.readPayment(access as never, id);
          return look.kind === 'found' ? { kind: 'found', value: { ...look.value, refunds: [] } } : look;
        },
      },
    });
    await armStripe(t, 'lost-after-effect');
    const { refundId } = valueOf(await createRefund(blind, t.caller(), stripeCommand(paymentId, 4_000n)));
    const [first] = (await t.ledgerOf(paymentId)).refunds;
    // Its key is forgotten by the time of the first look: nothing is sent again.
    for (let look = 0; look < 14; look += 1) {
      await t.advance((look === 0 ? 24 : 2) * 3_600);
      await driveDue(blind);
    }
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    const { version } = await refundRow(t, refundId);
    const verdict = {
      refundId,
      expectedVersion: version,
      verdict: notReturned,
      evidence: 'The bank says so.',
    };
    valueOf(await resolveRefund(blind, t.caller(), verdict));
    await stripeMode(t, { refunds: 'instant' });
    const retried = { refundId, expectedRetries: 0, waitMs: 10_000 };
    valueOf(await retryRefund(blind, t.caller(), retried));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', retries: 1 });
    await settleStripe(t, 'canceled', { refundId: first!.id });
    const log = recordLog();
    const seeing = await t.replica({ log: log.log });
    const connection = seeing.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
    await seePayment(seeing, connection, paymentId);
    expect(log.alerts()).toEqual([]);
    expect(await refundRows(t, paymentId)).toMatchObject([{ id: refundId, status: 'SUCCEEDED' }]);
    await expectSound(t, paymentId);
  });
});

describe('after a restore, a refund that was stopped at its provider meanwhile', () => {
  test('and is forgotten is canceled to the request that is repeated, and not made again', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const backup = await backUp(t);
    const command = stripeCommand(paymentId, 4_000n);
    valueOf(await createRefund(t.world, t.caller(), command));
    await settleStripe(t, 'canceled');
    old = await restore(t, backup);
    const requests = await watchRequests(t, 'stripe');
    const again = valueOf(await createRefund(old.world, old.caller(), command));
    expect(again.replayed).toBe(true);
    expect(await refundRow(old, again.refundId)).toMatchObject({ status: 'CANCELED', returned_minor: 0n });
    expect(await paymentRow(old, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(old, paymentId);
  });

  test('and that waits to be sent in the old database is canceled, and not sent', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const { payment, amount } = stripeCommand(paymentId, 4_000n);
    const refundId = await queueRefund(t, await silentWorld(t), paymentId, 4_000n, { payment, amount });
    const backup = await backUp(t);
    await driveDue(t.world);
    await settleStripe(t, 'canceled');
    old = await restore(t, backup);
    const requests = await watchRequests(t, 'stripe');
    await driveDue(old.world);
    expect(await refundRow(old, refundId)).toMatchObject({ status: 'CANCELED' });
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(old, paymentId)).toMatchObject({ reserved_minor: 0n });
    await expectSound(old, paymentId);
  });
});
