import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('contradicted_refunds');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

describe('a provider that takes a failure back', () => {
  test('the refund follows the truth with an alarm event, and the sum is marked as broken where it is', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'refuse', { code: 'general_decline' });
    const failed = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 100_000n)));
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 100_000n)));
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const contradicting = await t.replica({
      adapter: {
        async readRefund(access, id) {
          const look = await connection.adapter.readRefund(access, id);
          if (look.kind !== 'found') return look;
          return {
            kind: 'found',
            value: { ...look.value, status: 'SUCCEEDED', rawStatus: 'succeeded', failure: null },
          };
        },
      },
    });
    valueOf(await syncRefund(contradicting, t.caller(), { refundId: failed.refundId, waitMs: 10_000 }));
    expect(await refundRow(t, failed.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 200_000n, overcommitted: true });
    const events = await t.database.db
      .selectFrom('events')
      .select(['kind', 'from_status', 'to_status'])
      .where('refund_id', '=', failed.refundId)
      .orderBy('id', 'desc')
      .execute();
    expect(events[0]).toEqual({ kind: 'leg.contradicted', from_status: 'FAILED', to_status: 'SUCCEEDED' });
    await expectSound(t, paymentId, { quiet: false });

    // And back: a success that is gone later is REVERSED, and its amount is free again.
    valueOf(await sync(failed.refundId));
    expect(await refundRow(t, failed.refundId)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 100_000n, overcommitted: false });
    await expectSound(t, paymentId);
  });

  test.each(['readRefund', 'readPayment'] as const)(
    'a look (%s) that began before the failure was known contradicts nothing',
    async (reading) => {
      const paymentId = await t.payment('1500.00');
      await refundsAre(t, 'pending');
      const input = refundCommand(paymentId, 40_000n);
      const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
      let release = (): void => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { merchantId } = t.caller().viewer;
      const { adapter } = t.world.connections.findByCode(merchantId, 'yookassa-demo')!;
      const slow = await t.replica({
        adapter: {
          async [reading](access: never, asked: never) {
            const look = await adapter[reading](access, asked);
            await held;
            return look as never;
          },
        },
      });
      const requests = await watchRequests(t);
      const late =
        reading === 'readRefund'
          ? syncRefund(slow, t.caller(), { refundId, waitMs: 10_000 })
          : seePayment(slow, slow.connections.findByCode(merchantId, 'yookassa-demo')!, paymentId);
      while ((await requests('getRefund', 'listRefunds')).length === 0) await sleep(5);
      await sleep(50);
      await settleAll(t, 'canceled');
      valueOf(await sync(refundId));
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
      release();
      await late;
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
      expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
      await expectSound(t, paymentId);
    },
  );
});
