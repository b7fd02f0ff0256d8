import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '../../src/providers/failure.ts';
import type { SendOutcome } from '../../src/providers/provider.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { silentWorld } from '../support/engine.ts';
import { expectSound, refundCommand, refundRow, refundsAre, settleAll, valueOf } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('late-attempt');
});
afterAll(() => t.close());

/** A process whose send reaches the provider, and which hears of it when it is told what to hear. */
async function slowWorld() {
  const sent = Promise.withResolvers<SendOutcome>();
  const heard = Promise.withResolvers<SendOutcome | undefined>();
  const world = await t.replica({
    adapter: {
      async sendRefund(access, request, order, mayStillSend) {
        const outcome = await yookassa.sendRefund(access as never, request, order, mayStillSend);
        sent.resolve(outcome);
        return (await heard.promise) ?? outcome;
      },
    },
  });
  return { world, sent: sent.promise, hear: heard.resolve };
}

const refused: SendOutcome = {
  kind: 'refused',
  failure: failure('PROVIDER_REJECTED', 'RETRY_REFUND', 'No.', 'invalid_request'),
  evidence: {},
};

test('a sender of the first attempt that wakes up while the second one is sent changes nothing', async () => {
  const paymentId = await t.payment('1500.00');
  const first = await slowWorld();
  await refundsAre(t, 'pending');
  const command = refundCommand(paymentId, 40_000n, { waitMs: 0 });
  const { refundId } = valueOf(await createRefund(first.world, t.caller(), command));
  await first.sent;

  // Others find out that this attempt has failed, and a second one is on its way.
  await settleAll(t, 'canceled');
  await refundsAre(t, 'instant');
  await t.advance((yookassa.sendDeadlineMs * 2 + 10_000) / 1000 + 1);
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
  const second = await slowWorld();
  valueOf(await retryRefund(second.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 0 }));
  await second.sent;

  first.hear(refused);
  expect(await first.world.background.drain(5_000)).toBe(true);
  expect(await refundRow(t, refundId)).toMatchObject({
    status: 'PENDING',
    legs: [{ status: 'SENDING', attempt: 2, failure: null }],
  });
  await expectSound(t, paymentId, { quiet: false });

  second.hear(undefined);
  expect(await second.world.background.drain(5_000)).toBe(true);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
  await expectSound(t, paymentId);
});

test('a sender of the first attempt whose refund had failed meanwhile does not take the place of the second', async () => {
  const paymentId = await t.payment('1500.00');
  const first = await slowWorld();
  await refundsAre(t, 'pending');
  const command = refundCommand(paymentId, 40_000n, { waitMs: 0 });
  const { refundId } = valueOf(await createRefund(first.world, t.caller(), command));
  await first.sent;

  await settleAll(t, 'canceled');
  await refundsAre(t, 'instant');
  await t.advance((yookassa.sendDeadlineMs * 2 + 10_000) / 1000 + 1);
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  const second = await slowWorld();
  valueOf(await retryRefund(second.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 0 }));
  await second.sent;

  // It had heard "accepted, pending", and its database was away since then.
  first.hear(undefined);
  expect(await first.world.background.drain(5_000)).toBe(true);
  expect(await refundRow(t, refundId)).toMatchObject({
    status: 'PENDING',
    legs: [{ status: 'SENDING', attempt: 2, provider_refund_id: null }],
  });
  second.hear(undefined);
  expect(await second.world.background.drain(5_000)).toBe(true);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', legs: [{ attempt: 2 }] });
  await expectSound(t, paymentId);
});

test('a look that was begun before the retry says nothing about the second attempt', async () => {
  const paymentId = await t.payment('1500.00');
  await refundsAre(t, 'pending');
  const command = refundCommand(paymentId, 40_000n);
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const slow = await t.replica({
    adapter: {
      async readRefund(access, id) {
        asked.resolve();
        await answered.promise;
        return yookassa.readRefund(access as never, id);
      },
    },
  });
  const looking = syncRefund(slow, t.caller(), { refundId, waitMs: 10_000 });
  await asked.promise;

  await settleAll(t, 'canceled');
  await refundsAre(t, 'instant');
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  const second = await slowWorld();
  valueOf(await retryRefund(second.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 0 }));
  await second.sent;
  answered.resolve();
  valueOf(await looking);
  expect(await refundRow(t, refundId)).toMatchObject({
    status: 'PENDING',
    legs: [{ status: 'SENDING', attempt: 2, provider_refund_id: null }],
  });

  second.hear({ kind: 'unknown', failure: refused.failure, evidence: {} });
  expect(await second.world.background.drain(5_000)).toBe(true);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN', legs: [{ attempt: 2 }] });
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', legs: [{ attempt: 2 }] });
  await expectSound(t, paymentId);
});

test('a look at a failed refund that ends after its retry leaves the time of the retried one', async () => {
  const paymentId = await t.payment('1500.00');
  await refundsAre(t, 'pending');
  const command = refundCommand(paymentId, 40_000n);
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
  await settleAll(t, 'canceled');
  valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  await refundsAre(t, 'instant');
  const gate = () => ({ asked: Promise.withResolvers<void>(), goOn: Promise.withResolvers<void>() });
  const ofRetry = gate();
  const ofLook = gate();
  const slow = await t.replica({
    adapter: {
      async readPayment(access, id) {
        ofRetry.asked.resolve();
        await ofRetry.goOn.promise;
        return yookassa.readPayment(access as never, id);
      },
      async readRefund(access, id) {
        ofLook.asked.resolve();
        await ofLook.goOn.promise;
        return yookassa.readRefund(access as never, id);
      },
    },
  });
  // Nobody sends it at once: its process dies, its account is paused, or its provider is given up.
  const { connections } = slow;
  const retrying = retryRefund({ ...(await silentWorld(t)), connections }, t.caller(), {
    refundId,
    expectedRetries: 0,
    waitMs: 0,
  });
  await ofRetry.asked.promise;
  const looking = syncRefund(slow, t.caller(), { refundId, waitMs: 10_000 });
  await ofLook.asked.promise;
  ofRetry.goOn.resolve();
  valueOf(await retrying);
  ofLook.goOn.resolve();
  valueOf(await looking);

  expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED', legs: [{ attempt: 2 }] });
  await expectSound(t, paymentId, { quiet: false });
  await driveDue(t.world);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
});
