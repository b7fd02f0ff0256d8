import { afterAll, beforeAll, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { queueRefund, recordLog, silentWorld } from '../support/engine.ts';
import { expectSound, refundCommand, refundRow, refundsAre, settleAll, valueOf } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
const log = recordLog();
beforeAll(async () => {
  t = await createTestWorld('late_sight', log.log);
});
afterAll(() => t.close());

test.each(['SENDING', 'QUEUED'])(
  'a read of the payment that was begun before a retry ends after it, and nothing follows from it: %s',
  async (state) => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const first = await t.replica();
    const { refundId } = valueOf(await createRefund(first, t.caller(), refundCommand(paymentId, 100_000n)));
    // What it would send behind that is left to others.
    await first.background.drain(5_000);
    const silent = await silentWorld(t);
    const sibling = await queueRefund(t, silent, paymentId, 50_000n);
    const asked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await yookassa.readPayment(access as never, id);
          asked.resolve();
          await goOn.promise;
          return look;
        },
      },
    });
    const connection = slow.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const seeing = seePayment(slow, connection, paymentId, 30_000);
    await asked.promise;
    await settleAll(t, 'canceled');
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
    expect((await refundRow(t, refundId)).status).toBe('FAILED');
    const sent = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<void>();
    const second = await t.replica({
      adapter: {
        async sendRefund(...args) {
          const outcome = await yookassa.sendRefund(...(args as Parameters<typeof yookassa.sendRefund>));
          sent.resolve();
          await heard.promise;
          return outcome;
        },
      },
    });
    await refundsAre(t, 'instant');
    valueOf(
      await retryRefund(state === 'SENDING' ? second : silent, t.caller(), {
        refundId,
        expectedRetries: 0,
        waitMs: 0,
      }),
    );
    if (state === 'SENDING') await sent.promise;

    log.clear();
    goOn.resolve();
    await seeing;
    heard.resolve();
    await second.background.drain(5_000);
    for (let i = 0; i < 6; i += 1) {
      await t.advance(120);
      await driveDue(t.world);
    }
    expect((await refundRow(t, sibling)).status).toBe('SUCCEEDED');
    expect((await refundRow(t, refundId)).status).toBe('SUCCEEDED');
    expect(log.alerts()).toEqual([]);
    await expectSound(t, paymentId);
  },
);
