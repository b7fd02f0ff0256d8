import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { isFinalRefund } from '../../src/refunds/derive.ts';
import { refundableOf } from '../../src/refunds/refundability.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createReversals, type Reversals } from '../support/reversals.ts';
import { watchVersions, type Unraised } from '../support/version-watch.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import { decimal, least, restOf, rub, sellers, step, wishOf, type Step } from './split-steps.ts';

let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
let reversals: Reversals;
beforeAll(async () => {
  t = await createTestWorld('split_sequences');
  unraised = await watchVersions(t.database.db);
  reversals = await createReversals(t);
});
afterAll(async () => {
  expect(await unraised()).toEqual([]);
  await t.close();
});

const sourcesOf = async (paymentId: string) => {
  const payment = await paymentRow(t, paymentId);
  return t.database.db
    .selectFrom('payment_sources')
    .selectAll()
    .where('payment_id', '=', payment.id)
    .orderBy('seller')
    .execute();
};

async function see(paymentId: string): Promise<void> {
  const connection = reversals.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  expect((await seePayment(reversals.world, connection, paymentId)).kind).toBe('seen');
}

async function arm(paymentId: string, of: Step): Promise<void> {
  await clearFaults(t);
  const wished = 'outcome' in of ? of.outcome : 'succeeds';
  // A refusal that is lost stays unclear for a day. The sandbox has no room for what came back and refuses it, and
  // less than a rouble.
  const isSmall = (await sourcesOf(paymentId)).some((source) => restOf(source) > 0n && restOf(source) < 100n);
  const hasReversed = (await refundRows(t, paymentId)).some(({ legs }) =>
    legs.some(({ status }) => status === 'REVERSED'),
  );
  const ends = wished === 'is-lost' && (isSmall || hasReversed) ? 'succeeds' : wished;
  await refundsAre(t, ends === 'pends' ? 'pending' : 'instant');
  if (ends === 'fails') await armFault(t, 'refuse', { code: 'insufficient_funds' });
  if (ends === 'is-lost') await armFault(t, 'lost-after-effect');
  if (ends === 'is-not-taken') await armFault(t, 'rate-limited');
}

async function refundAsConsole(paymentId: string, of: Step & { kind: 'console' }): Promise<void> {
  const sources = await sourcesOf(paymentId);
  const source = sources[of.seller % sources.length]!;
  const left = source.captured_minor - source.refunded_minor;
  const minor = least(left, 100n + (left * of.permille) / 1_000n);
  const feeLeft = (source.platform_fee_minor ?? 0n) - source.fee_returned_minor;
  const fee = (least(feeLeft, minor) * of.feePermille) / 1_000n;
  // The provider refuses what its own books do not allow.
  await t
    .control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub(minor),
      source: { account: source.seller, ...(fee > 0n ? { platformFee: rub(fee) } : {}) },
    })
    .catch(() => undefined);
  await see(paymentId);
}

async function syncOpen(paymentId: string): Promise<void> {
  for (const { id, status } of await refundRows(t, paymentId))
    if (!isFinalRefund(status))
      valueOf(await syncRefund(reversals.world, t.caller(), { refundId: id, waitMs: 10_000 }));
}

/** The money of a succeeded leg comes back: it is REVERSED, and its amount can be refunded again. */
async function reverse(paymentId: string, which: number): Promise<void> {
  const succeeded = (await refundRows(t, paymentId)).flatMap(({ legs }) =>
    legs.filter(({ status, provider_refund_id: id }) => status === 'SUCCEEDED' && id !== null),
  );
  const leg = succeeded[which % succeeded.length];
  if (leg === undefined) return;
  const { amount_minor: amountMinor, refund_id: refundId } = leg;
  reversals.reverse({ id: leg.provider_refund_id!, providerPaymentId: paymentId, amountMinor });
  valueOf(await syncRefund(reversals.world, t.caller(), { refundId, waitMs: 10_000 }));
  const { legs, status } = await refundRow(t, refundId);
  expect(legs.find(({ id }) => id === leg.id)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
  if (legs.length === 1) expect(status).toBe('REVERSED');
  await see(paymentId);
  const payment = await paymentRow(t, paymentId);
  const { captured_minor: captured, refunded_minor: refunded, reserved_minor: reserved } = payment;
  expect(refundableOf(payment), 'the amount is refundable again').toBe(captured - refunded - reserved);
}

async function run(paymentId: string, of: Step): Promise<void> {
  await arm(paymentId, of);
  switch (of.kind) {
    case 'reverse':
      return reverse(paymentId, of.which);
    case 'console':
      return refundAsConsole(paymentId, of);
    case 'settle':
      await settleAll(t, of.succeeds ? 'succeeded' : 'canceled');
      return syncOpen(paymentId);
    case 'sync':
      return syncOpen(paymentId);
    case 'retry':
      for (const { id, retries, status } of await refundRows(t, paymentId))
        if (status === 'FAILED' || status === 'PARTIALLY_SUCCEEDED')
          await retryRefund(reversals.world, t.caller(), {
            refundId: id,
            expectedRetries: retries,
            waitMs: 10_000,
          });
      return;
    default: {
      const wish = wishOf(await sourcesOf(paymentId), of);
      if (wish === undefined) return;
      const requests = await watchRequests(t);
      const result = await createRefund(
        reversals.world,
        t.caller(),
        refundCommand(paymentId, 'remaining', wish),
      );
      if (!result.ok) expect(await requests('createRefund')).toEqual([]);
    }
  }
}

const isReturned = ({ id, status }: { readonly id: string; readonly status: string }): boolean =>
  status === 'succeeded' && !reversals.ids.has(id);

/** What the provider's books say of every store: returned amount and commission, of what succeeded and stayed. */
async function booksOf(paymentId: string): Promise<Map<string, { amount: bigint; fee: bigint }>> {
  const books = new Map<string, { amount: bigint; fee: bigint }>();
  for (const refund of (await t.ledgerOf(paymentId)).refunds)
    for (const source of isReturned(refund) ? refund.sources : []) {
      const before = books.get(source.account) ?? { amount: 0n, fee: 0n };
      books.set(source.account, {
        amount: before.amount + BigInt(source.amountMinor),
        fee: before.fee + BigInt(source.feeMinor),
      });
    }
  return books;
}

test('any sequence of refunds, outcomes and reversals keeps the sums of payment, sellers and commissions, here and there', async () => {
  await fc.assert(
    fc.asyncProperty(sellers, fc.array(step, { minLength: 1, maxLength: 8 }), async (parts, steps) => {
      await clearFaults(t);
      const total = parts.reduce((sum, part) => sum + part.captured, 0n);
      const paymentId = await t.payment(decimal(total), {
        sources: parts.map(({ captured, feePermille }, index) => {
          const fee = (captured * feePermille) / 1_000n;
          return {
            account: `20060${index}`,
            amount: rub(captured),
            ...(fee > 0n ? { platformFee: rub(fee) } : {}),
          };
        }),
      });
      await see(paymentId);
      for (const each of steps) {
        await run(paymentId, each);
        await expectSound(t, paymentId, { quiet: false });
      }
      await clearFaults(t);
      await refundsAre(t, 'instant');
      await settleAll(t, 'succeeded');
      for (let round = 0; round < 3; round += 1) await syncOpen(paymentId);
      await see(paymentId);
      expect((await refundRows(t, paymentId)).filter(({ status }) => !isFinalRefund(status))).toEqual([]);
      await expectSound(t, paymentId, { reversed: reversals.ids });
      const books = await booksOf(paymentId);
      for (const source of await sourcesOf(paymentId)) {
        const { amount, fee } = books.get(source.seller) ?? { amount: 0n, fee: 0n };
        expect({ amount: source.refunded_minor, fee: source.fee_returned_minor }).toEqual({ amount, fee });
        expect(source).toMatchObject({ reserved_minor: 0n, fee_reserved_minor: 0n, overcommitted: false });
      }
    }),
    { numRuns: Number(process.env['SPLIT_RUNS'] ?? 15) },
  );
}, 120_000);
