import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { isFinalRefund } from '../../src/refunds/derive.ts';
import { refundableOf } from '../../src/refunds/refundability.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import { createReversals, type Reversals } from '../support/reversals.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** At most so often the whole payment is returned here. */
const longest = 8;
const capturedMinor = 100_000n;

let t: TestWorld;
let reversals: Reversals;
beforeAll(async () => {
  t = await createTestWorld('reversals_property');
  reversals = await createReversals(t, BigInt(longest));
});
afterAll(() => t.close());

const outcome = fc.constantFrom('succeeds', 'succeeds', 'succeeds', 'fails', 'pends', 'is-lost');
const permille = fc.bigInt({ min: 0n, max: 1_000n });
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remaining' as const), outcome }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('partial' as const), permille, outcome }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('reverse' as const), which: fc.nat({ max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('console' as const), permille }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const), succeeds: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const sync = async (refundId: RefundId) =>
  valueOf(await syncRefund(reversals.world, t.caller(), { refundId, waitMs: 10_000 }));

async function syncOpen(paymentId: string): Promise<void> {
  for (const { id, status } of await refundRows(t, paymentId)) if (!isFinalRefund(status)) await sync(id);
}

/** The payment as it is at the provider now; what is refundable is what is neither returned nor on its way. */
async function see(paymentId: string): Promise<bigint> {
  const { merchantId } = t.caller().viewer;
  const connection = reversals.world.connections.findByCode(merchantId, 'yookassa-demo')!;
  expect((await seePayment(reversals.world, connection, paymentId)).kind).toBe('seen');
  const payment = await paymentRow(t, paymentId);
  const taken = payment.refunded_minor + payment.reserved_minor + payment.unbound_minor;
  expect(refundableOf(payment)).toBe(capturedMinor - taken);
  return capturedMinor - taken;
}

async function arm(of: Step): Promise<void> {
  await clearFaults(t);
  const ends = 'outcome' in of ? of.outcome : 'succeeds';
  await refundsAre(t, ends === 'pends' ? 'pending' : 'instant');
  if (ends === 'fails') await armFault(t, 'refuse', { code: 'insufficient_funds' });
  if (ends === 'is-lost') await armFault(t, 'lost-after-effect');
}

async function reverse(paymentId: string, which: number): Promise<void> {
  const succeeded = (await refundRows(t, paymentId)).filter(({ status }) => status === 'SUCCEEDED');
  const refund = succeeded[which % succeeded.length];
  const providerRefundId = refund?.legs[0]?.provider_refund_id;
  if (refund === undefined || providerRefundId == null) return;
  const amountMinor = refund.amount_minor;
  const before = await see(paymentId);
  reversals.reverse({ id: providerRefundId, providerPaymentId: paymentId, amountMinor });
  await sync(refund.id);
  expect(await refundRow(t, refund.id)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
  expect(await see(paymentId), 'the amount is refundable again').toBe(before + amountMinor);
}

async function run(paymentId: string, of: Step): Promise<void> {
  await arm(of);
  switch (of.kind) {
    case 'reverse':
      return reverse(paymentId, of.which);
    case 'settle':
      await settleAll(t, of.succeeds ? 'succeeded' : 'canceled');
      return syncOpen(paymentId);
    case 'sync':
      return syncOpen(paymentId);
    default: {
      const left = await see(paymentId);
      const minor = of.kind === 'remaining' ? left : (left * of.permille) / 1_000n;
      // The provider returns no less than a rouble.
      if (minor < 100n) return;
      if (of.kind === 'console') {
        await consoleRefund(t, paymentId, `${minor / 100n}.00`);
        await see(paymentId);
        return;
      }
      // What came back is refunded again like anything else.
      valueOf(await createRefund(reversals.world, t.caller(), refundCommand(paymentId, minor)));
    }
  }
}

test('however often returned money comes back, the sums hold, and it can be returned again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: longest }), async (steps) => {
      await clearFaults(t);
      const paymentId = await t.payment(`${(capturedMinor / 100n) * BigInt(longest)}.00`);
      await see(paymentId);
      for (const each of steps) {
        await run(paymentId, each);
        await expectSound(t, paymentId, { quiet: false });
      }
      await clearFaults(t);
      await refundsAre(t, 'instant');
      await settleAll(t, 'succeeded');
      for (let round = 0; round < 2; round += 1) await syncOpen(paymentId);
      await see(paymentId);
      const rows = await refundRows(t, paymentId);
      expect(rows.filter(({ status }) => !isFinalRefund(status))).toEqual([]);
      await expectSound(t, paymentId, { reversed: reversals.ids });
      const payment = await paymentRow(t, paymentId);
      expect(payment).toMatchObject({ overcommitted: false, reserved_minor: 0n, unbound_minor: 0n });
      expect(payment.captured_minor).toBe(capturedMinor);
    }),
    { numRuns: Number(process.env['REVERSAL_RUNS'] ?? 15) },
  );
}, 120_000);
