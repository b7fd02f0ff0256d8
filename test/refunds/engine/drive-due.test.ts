import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { World } from '../../../src/refunds/world.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

let t: TestWorld;
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('engine');
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

async function create(paymentId: string, minor = 40_000n) {
  const created = valueOf(await createRefund(hasty, t.caller(), refundCommand(paymentId, minor)));
  return refundRow(t, created.refundId);
}

describe('without any caller', () => {
  test.each(['lost-before-effect', 'lost-after-effect'])('%s is found out: one refund', async (kind) => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, kind);
    const refund = await create(paymentId);
    expect(refund.status).toBe('UNKNOWN');
    await t.advance(6);
    await driveDue(hasty);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('what was put back is sent', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited', { retryAfterMs: 60_000 });
    const refund = await create(paymentId);
    expect(refund.status).toBe('QUEUED');
    await driveDue(hasty);
    expect((await refundRow(t, refund.id)).status).toBe('QUEUED');
    await t.advance(61);
    await driveDue(hasty);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('what waits at the provider is seen to end', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refund = await create(paymentId);
    await t.advance(6);
    await driveDue(hasty);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'PENDING' });
    await settleAll(t, 'succeeded');
    const requests = await watchRequests(t);
    await driveDue(hasty);
    expect(await requests(), 'not before its time').toEqual([]);
    await t.advance(30);
    await driveDue(hasty);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});
