import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { isFinalRefund } from '../../src/refunds/derive.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('split_sequences');
});
afterAll(() => t.close());

const decimal = (minor: bigint) => `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`;
const rub = (minor: bigint) => ({ value: decimal(minor), currency: 'RUB' });
const money = (minor: bigint) => ({ minor, currency: 'RUB' as const });

const sellers = fc.array(
  fc.record({
    captured: fc.bigInt({ min: 100n, max: 99_999n }),
    feePermille: fc.bigInt({ min: 0n, max: 1_000n }),
  }),
  { minLength: 1, maxLength: 3 },
);
const permille = fc.bigInt({ min: 0n, max: 1_000n });
const bearer = fc.constantFrom('SELLER' as const, 'PLATFORM' as const);
const seller = fc.nat({ max: 2 });

/** What happens to the next call of the provider. */
const outcome = fc.constantFrom('succeeds', 'succeeds', 'fails', 'pends', 'is-lost', 'is-not-taken');
const step = fc.oneof(
  fc.record({ kind: fc.constant('remaining' as const), bearer, outcome }),
  fc.record({ kind: fc.constant('money' as const), permille, bearer, outcome }),
  fc.record({ kind: fc.constant('seller' as const), seller, permille, bearer, outcome }),
  fc.record({ kind: fc.constant('fee' as const), seller, permille, feePermille: permille, outcome }),
  fc.record({ kind: fc.constant('each' as const), permille, bearer, outcome }),
  fc.record({ kind: fc.constant('console' as const), seller, permille, feePermille: permille }),
  fc.record({ kind: fc.constant('settle' as const), succeeds: fc.boolean() }),
  fc.record({ kind: fc.constant('retry' as const) }),
  fc.record({ kind: fc.constant('sync' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

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
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  expect((await seePayment(t.world, connection, paymentId)).kind).toBe('seen');
}

const least = (left: bigint, right: bigint) => (left < right ? left : right);

/** What a step asks for; undefined where the payment has nothing that it could ask for. */
async function wishOf(paymentId: string, of: Step): Promise<Partial<CreateRefundCommand> | undefined> {
  const sources = await sourcesOf(paymentId);
  const restOf = (source: (typeof sources)[number]) =>
    source.captured_minor - source.refunded_minor - source.reserved_minor;
  const share = (source: (typeof sources)[number], part: bigint) => {
    const rest = restOf(source);
    // The provider returns no less than a rouble.
    const minor = least(rest, 100n + (rest * part) / 1_000n);
    return { seller: source.seller, amount: money(minor), platformFee: null };
  };
  switch (of.kind) {
    case 'remaining':
      return { amount: { kind: 'remaining' }, feeBearer: of.bearer };
    case 'money': {
      const rest = sources.reduce((sum, source) => sum + restOf(source), 0n);
      const minor = least(rest, 100n + (rest * of.permille) / 1_000n);
      return minor < 100n
        ? undefined
        : { amount: { kind: 'money', money: money(minor) }, feeBearer: of.bearer };
    }
    case 'seller': {
      const wished = share(sources[of.seller % sources.length]!, of.permille);
      return wished.amount.minor < 100n
        ? undefined
        : { amount: { kind: 'sources', sources: [wished] }, feeBearer: of.bearer };
    }
    case 'each': {
      const wished = sources
        .map((source) => share(source, of.permille))
        .filter(({ amount }) => amount.minor >= 100n);
      return wished.length === 0
        ? undefined
        : { amount: { kind: 'sources', sources: wished }, feeBearer: of.bearer };
    }
    case 'fee': {
      const source = sources[of.seller % sources.length]!;
      const wished = share(source, of.permille);
      const feeRest =
        (source.platform_fee_minor ?? 0n) - source.fee_returned_minor - source.fee_reserved_minor;
      const fee = (least(feeRest, wished.amount.minor) * of.feePermille) / 1_000n;
      return wished.amount.minor < 100n
        ? undefined
        : { amount: { kind: 'sources', sources: [{ ...wished, platformFee: money(fee) }] } };
    }
    default:
      return undefined;
  }
}

async function arm(of: Step): Promise<void> {
  await clearFaults(t);
  const ends = 'outcome' in of ? of.outcome : 'succeeds';
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
      valueOf(await syncRefund(t.world, t.caller(), { refundId: id, waitMs: 10_000 }));
}

async function run(paymentId: string, of: Step): Promise<void> {
  await arm(of);
  switch (of.kind) {
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
          await retryRefund(t.world, t.caller(), { refundId: id, expectedRetries: retries, waitMs: 10_000 });
      return;
    default: {
      const wish = await wishOf(paymentId, of);
      if (wish === undefined) return;
      const requests = await watchRequests(t);
      const result = await createRefund(t.world, t.caller(), refundCommand(paymentId, 'remaining', wish));
      if (!result.ok) expect(await requests('createRefund')).toEqual([]);
    }
  }
}

/** What the provider's books say of every store: returned amount and commission, of what succeeded. */
async function booksOf(paymentId: string): Promise<Map<string, { amount: bigint; fee: bigint }>> {
  const books = new Map<string, { amount: bigint; fee: bigint }>();
  for (const refund of (await t.ledgerOf(paymentId)).refunds)
    for (const source of refund.status === 'succeeded' ? refund.sources : []) {
      const before = books.get(source.account) ?? { amount: 0n, fee: 0n };
      books.set(source.account, {
        amount: before.amount + BigInt(source.amountMinor),
        fee: before.fee + BigInt(source.feeMinor),
      });
    }
  return books;
}

test('any sequence of refunds and outcomes keeps the sums of payment, sellers and commissions, here and there', async () => {
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
      await expectSound(t, paymentId);
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
