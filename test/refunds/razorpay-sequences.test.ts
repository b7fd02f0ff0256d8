import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { isFinalRefund } from '../../src/refunds/derive.ts';
import { refundableOf } from '../../src/refunds/refundability.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  ACCOUNT,
  armRazorpay,
  razorpayCommand,
  razorpayMode,
  razorpayPayment,
  settleRazorpay,
} from '../support/razorpay.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('razorpay_sequences');
});
afterAll(() => t.close());

const decimal = (minor: bigint) => `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`;

/** What happens to the next call of the provider. */
const outcome = fc.constantFrom('succeeds', 'succeeds', 'fails', 'pends', 'is-lost', 'is-not-taken');
const permille = fc.bigInt({ min: 0n, max: 1_000n });
const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remaining' as const), outcome }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('partial' as const), permille, outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('console' as const), permille }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), succeeds: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry' as const), outcome }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

async function see(paymentId: string): Promise<void> {
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
  expect((await seePayment(t.world, connection, paymentId)).kind).toBe('seen');
}

async function arm(of: Step): Promise<void> {
  await clearFaults(t);
  const ends = 'outcome' in of ? of.outcome : 'succeeds';
  await razorpayMode(t, { refunds: ends === 'pends' ? 'pending' : 'instant' });
  if (ends === 'fails') await armRazorpay(t, 'refuse', { code: 'balance' });
  if (ends === 'is-lost') await armRazorpay(t, 'lost-after-effect');
  if (ends === 'is-not-taken') await armRazorpay(t, 'rate-limited');
}

/** Of less than the provider returns, whose refusal would stay unclear for a day if it were lost, nothing is asked. */
async function create(paymentId: string, minor: bigint | 'remaining'): Promise<void> {
  if (minor === 'remaining' && refundableOf(await paymentRow(t, paymentId)) < 100n) return;
  const requests = await watchRequests(t, 'razorpay');
  const result = await createRefund(t.world, t.caller(), razorpayCommand(paymentId, minor));
  if (!result.ok) expect(await requests('createRefund')).toEqual([]);
}

/** Takes a part of what the provider's own books have left; we hear of it by looking. */
async function refundAsConsole(paymentId: string, part: bigint): Promise<void> {
  const { capturedMinor, refunds } = await t.ledgerOf(paymentId);
  const left = refunds
    .filter(({ status }) => status !== 'failed')
    .reduce((rest, { amountMinor }) => rest - BigInt(amountMinor), BigInt(capturedMinor));
  const minor = (left * part) / 1_000n;
  if (minor >= 100n)
    await t.control('console-refund', {
      provider: 'razorpay',
      reference: paymentId,
      amount: { value: decimal(minor), currency: 'MYR' },
    });
  await see(paymentId);
}

async function syncOpen(paymentId: string): Promise<void> {
  for (const { id, status } of await refundRows(t, paymentId))
    if (!isFinalRefund(status))
      valueOf(await syncRefund(t.world, t.caller(), { refundId: id, waitMs: 10_000 }));
}

async function run(paymentId: string, of: Step): Promise<void> {
  await arm(of);
  switch (of.kind) {
    case 'remaining':
      return create(paymentId, 'remaining');
    case 'partial': {
      // Where not even the least is left that the provider returns, we refuse it.
      const minor = (refundableOf(await paymentRow(t, paymentId)) * of.permille) / 1_000n;
      return create(paymentId, minor < 100n ? 100n : minor);
    }
    case 'console':
      return refundAsConsole(paymentId, of.permille);
    case 'settle':
      await settleRazorpay(t, of.succeeds ? 'succeeded' : 'failed');
      return syncOpen(paymentId);
    case 'sync':
      return syncOpen(paymentId);
    case 'retry':
      for (const { id, retries, status } of await refundRows(t, paymentId))
        if (status === 'FAILED')
          await retryRefund(t.world, t.caller(), { refundId: id, expectedRetries: retries, waitMs: 10_000 });
  }
}

test('any sequence of refunds and outcomes keeps the sums of the payment, here and there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt({ min: 100n, max: 99_999n }),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      async (captured, steps) => {
        await clearFaults(t);
        const paymentId = await razorpayPayment(t, decimal(captured));
        await see(paymentId);
        for (const each of steps) {
          await run(paymentId, each);
          await expectSound(t, paymentId, { quiet: false });
        }
        await clearFaults(t);
        await razorpayMode(t, { refunds: 'instant' });
        await settleRazorpay(t, 'succeeded');
        for (let round = 0; round < 3; round += 1) await syncOpen(paymentId);
        await see(paymentId);
        const rows = await refundRows(t, paymentId);
        expect(rows.filter(({ status }) => !isFinalRefund(status))).toEqual([]);
        await expectSound(t, paymentId);
        expect(await paymentRow(t, paymentId)).toMatchObject({
          overcommitted: false,
          reserved_minor: 0n,
          unbound_minor: 0n,
        });
      },
    ),
    { numRuns: Number(process.env['RAZORPAY_RUNS'] ?? 10) },
  );
}, 120_000);
