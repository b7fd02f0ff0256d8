import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { findPayment } from '../../src/refunds/find-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { refundCommand } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('not_the_providers_word');
});
afterAll(() => t.close());
beforeEach(() => t.control('faults', undefined, 'DELETE'));

const statusOf = async (refundId: string) =>
  (
    await t.database.db
      .selectFrom('refunds')
      .select('status')
      .where('id', '=', refundId as never)
      .executeTakeFirstOrThrow()
  ).status;

const seen = { waitMs: 5_000, mayFetch: () => true };

const fault = (body: object) => t.control('faults', { provider: 'yookassa', ...body });

// Something between us and the provider passed the request on, and then answered with a page of its own.
test.each(
  [400, 401, 403, 404, 405, 410, 415, 429].flatMap((status) => [
    { status, reads: 'down' },
    { status, reads: 'lagging' },
  ]),
)(
  'a $status of a proxy after the effect, reads $reads: unclear until it is known',
  async ({ status, reads }) => {
    const paymentId = await t.payment('1500.00');
    await findPayment(t.world, t.caller().viewer.merchantId, { account: 'yookassa-demo', paymentId }, seen);
    await fault({ operation: 'createRefund', kind: 'garbage', status, effect: true });
    if (reads === 'down') await fault({ operation: 'getPayment', kind: 'error-before-effect', times: 20 });
    else await fault({ operation: 'listRefunds', kind: 'list-lag', seconds: 60, times: 2 });
    const created = await createRefund(t.world, t.caller(), refundCommand(paymentId, 10_000n));
    if (!created.ok) throw new Error(JSON.stringify(created.problems));
    const { refundId } = created.value;
    expect(await statusOf(refundId)).toBe('UNKNOWN');
    await t.control('faults', undefined, 'DELETE');
    await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
    expect(await statusOf(refundId)).toBe('SUCCEEDED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  },
);
