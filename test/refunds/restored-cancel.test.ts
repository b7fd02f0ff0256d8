import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { queueRefund, silentWorld } from '../support/engine.ts';
import { backUp, restore } from '../support/restore.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundRow,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let live: TestWorld;
let old: TestWorld | undefined;
beforeAll(async () => {
  live = await createTestWorld('restored_cancel');
});
afterAll(() => live.close());
beforeEach(async () => {
  await clearFaults(live);
  await refundsAre(live, 'instant');
});
afterEach(async () => {
  await old?.close();
  old = undefined;
});

/** A refund that is QUEUED in the backup that the service runs on now. */
async function queuedInBackup(act: () => Promise<unknown>) {
  const paymentId = await live.payment('1500.00');
  const refundId = await queueRefund(live, await silentWorld(live), paymentId);
  const backup = await backUp(live);
  await act();
  old = await restore(live, backup);
  return { t: old, paymentId, refundId };
}
const cancel = (t: TestWorld, refundId: RefundId) => cancelRefund(t.world, t.caller(), { refundId });

test('what was executed after the backup is not canceled', async () => {
  const { t, paymentId, refundId } = await queuedInBackup(() => driveDue(live.world));
  expect(problemOf(await cancel(t, refundId))).toMatchObject({ code: 'NOT_CANCELABLE' });
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
  await expectSound(t, paymentId);
});

test('while its payment cannot be read it stays, with its amount', async () => {
  const { t, paymentId, refundId } = await queuedInBackup(() => driveDue(live.world));
  await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 1_000 });
  expect(problemOf(await cancel(t, refundId))).toMatchObject({
    code: 'ANOTHER_OPERATION_IN_PROGRESS',
    retry: 'WAIT',
  });
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
});

test('what was canceled after the backup is canceled again', async () => {
  let made: RefundId | undefined;
  const { t, paymentId, refundId } = await queuedInBackup(async () => {
    const row = await live.database.db
      .selectFrom('refunds')
      .select('id')
      .where('status', '=', 'QUEUED')
      .executeTakeFirstOrThrow();
    made = row.id;
    valueOf(await cancel(live, row.id));
  });
  expect(made).toBe(refundId);
  valueOf(await cancel(t, refundId));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
  expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
  await expectSound(t, paymentId);
});
