import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RefundFacts } from '../../src/providers/provider.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { createElsewhereWorld, type ElsewhereWorld } from '../support/made-elsewhere.ts';
import {
  armFault,
  expectSound,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';

let e: ElsewhereWorld;
beforeAll(async () => {
  e = await createElsewhereWorld('rebound_attempts');
});
afterAll(() => e.t.close());

/** A process to which the refunds of a payment are listed in this order. */
function listing(order: (a: RefundFacts, b: RefundFacts) => number) {
  const { adapter } = e.connection();
  return e.t.replica({
    adapter: {
      async readPayment(access, id) {
        const look = await adapter.readPayment(access, id);
        if (look.kind !== 'found') return look;
        return { kind: 'found', value: { ...look.value, refunds: look.value.refunds.toSorted(order) } };
      },
    },
  });
}

const oldestFirst = (a: RefundFacts, b: RefundFacts) => a.createdAt.getTime() - b.createdAt.getTime();

test.each([
  ['oldest first', oldestFirst],
  ['newest first', (a: RefundFacts, b: RefundFacts) => oldestFirst(b, a)],
] as const)('a first attempt that turns out executed after the second failed, %s', async (_, order) => {
  const { t } = e;
  const paymentId = await t.payment('1500.00');
  await refundsAre(t, 'instant');
  await armFault(t, 'lost-after-effect');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  await e.decide(refundId, 'FAILED');
  // The provider's list lags: it does not show the first one yet.
  const lagging = await e.showing((facts) => (facts.status === 'SUCCEEDED' ? undefined : facts));
  await refundsAre(t, 'pending');
  valueOf(await retryRefund(lagging, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 }));
  await settleAll(t, 'canceled');
  await e.see(paymentId, lagging);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED', legs: [{ attempt: 2 }] });

  const world = await listing(order);
  for (let looks = 0; looks < 2; looks += 1) {
    expect(await e.see(paymentId, world)).toMatchObject({ kind: 'seen' });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    await expectSound(t, paymentId);
  }
});
