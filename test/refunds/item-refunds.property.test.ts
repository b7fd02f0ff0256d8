import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { AmountWish } from '../../src/refunds/refund-wish.ts';
import type { World } from '../../src/refunds/world.ts';
import { createItemProvider } from '../support/items.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  settleAll,
} from '../support/rules.ts';
import { watchVersions, type Unraised } from '../support/version-watch.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const provider = createItemProvider();
let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
let world: World;
/** The same carts, and bytes that are made anew before each send. */
let fresh: World;
beforeAll(async () => {
  t = await createTestWorld('item_refunds_property');
  unraised = await watchVersions(t.database.db);
  world = await t.replica({ adapter: provider.adapter });
  fresh = await t.replica({ adapter: { ...provider.adapter, buildsFromFreshPayment: true } });
});
afterAll(async () => {
  expect(await unraised()).toEqual([]);
  await t.close();
});

const item = fc.constantFrom('mug', 'kettle', 'spoon');
const amount: fc.Arbitrary<AmountWish> = fc.oneof(
  fc
    .uniqueArray(
      fc.oneof(
        fc.record({
          item,
          quantityHundredths: fc.bigInt({ min: 50n, max: 300n }),
          amount: fc.constant(null),
        }),
        fc.record({
          item,
          quantityHundredths: fc.constant(null),
          amount: fc.bigInt({ min: 1n, max: 5_000n }).map((minor) => ({ minor, currency: 'RUB' as const })),
        }),
      ),
      { minLength: 1, maxLength: 3, selector: (wish) => wish.item },
    )
    .map((items) => ({ kind: 'items' as const, items })),
  fc.integer({ min: 1, max: 30 }).map((tens) => ({
    kind: 'money' as const,
    money: { minor: BigInt(tens) * 1_000n, currency: 'RUB' as const },
  })),
  fc.constant({ kind: 'remaining' as const }),
);
const fault = fc.constantFrom(
  null,
  null,
  { kind: 'pending' },
  { kind: 'lost-after-effect' },
  { kind: 'lost-before-effect' },
  { kind: 'refuse', code: 'insufficient_funds' },
  { kind: 'rate-limited' },
  { kind: 'wrong-amount' },
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('create' as const), amount, fault, isFresh: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('console' as const), tens: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('retry' as const, 'cancel' as const, 'sync' as const),
      which: fc.nat({ max: 9 }),
      isFresh: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      status: fc.constantFrom('succeeded' as const, 'canceled' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('see' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const see = (paymentId: string) =>
  seePayment(world, world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!, paymentId);

/** What createRefund may say of a wish that is none. */
const refusals = ['AMOUNT_EXCEEDS_REFUNDABLE', 'AMOUNT_NOT_ALLOCATABLE', 'PAYMENT_NOT_REFUNDABLE'];

async function take(paymentId: string, made: RefundId[], next: Step): Promise<void> {
  if (next.do === 'create') {
    if (next.fault !== null) {
      const { kind, ...more } = next.fault;
      await armFault(t, kind, more);
    }
    const command = refundCommand(paymentId, 1n, { amount: next.amount, waitMs: 5_000 });
    const result = await createRefund(next.isFresh ? fresh : world, t.caller(), command);
    if (result.ok) made.push(result.value.refundId);
    else expect(refusals).toContain(result.problems[0]!.code);
    await clearFaults(t);
  } else if (next.do === 'console') {
    await consoleRefund(t, paymentId, `${next.tens}0.00`).catch(() => undefined);
  } else if (next.do === 'settle') {
    await settleAll(t, next.status);
  } else if (next.do === 'see') {
    await see(paymentId);
  } else if (made.length > 0) {
    const refundId = made[next.which % made.length]!;
    const by = next.isFresh ? fresh : world;
    if (next.do === 'cancel') await cancelRefund(by, t.caller(), { refundId });
    if (next.do === 'sync') await syncRefund(by, t.caller(), { refundId, waitMs: 5_000 });
    if (next.do === 'retry') {
      const { retries } = await refundRow(t, refundId);
      await retryRefund(by, t.caller(), { refundId, expectedRetries: retries, waitMs: 5_000 });
    }
  }
}

test('whatever is refunded by item, no line gives back more than was sold of it, and its sums are those of its refunds', async () => {
  let counted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const paymentId = await t.payment('330.00');
      provider.sell(paymentId, [
        { item: 'mug', units: 3, priceMinor: 5_000n },
        { item: 'kettle', units: 1, priceMinor: 15_000n },
        { item: 'spoon', units: 3, priceMinor: 1_000n },
      ]);
      await see(paymentId);
      const made: RefundId[] = [];
      for (const next of steps) {
        await take(paymentId, made, next);
        await expectSound(t, paymentId, { quiet: false });
      }
      for (let round = 0; round < 2; round += 1) {
        for (const { id } of await refundRows(t, paymentId))
          await syncRefund(world, t.caller(), { refundId: id, waitMs: 5_000 });
        await settleAll(t, 'succeeded');
      }
      await see(paymentId);
      for (const { id } of await refundRows(t, paymentId))
        await syncRefund(world, t.caller(), { refundId: id, waitMs: 5_000 });
      await expectSound(t, paymentId);
      const { id } = await paymentRow(t, paymentId);
      const lines = await t.database.db
        .selectFrom('payment_items')
        .selectAll()
        .where('payment_id', '=', id)
        .execute();
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        expect(line.overcommitted).toBe(false);
        counted += line.returned_minor > 0n ? 1 : 0;
      }
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 25), interruptAfterTimeLimit: 90_000 },
  );
  expect(counted, 'some lines were returned').toBeGreaterThan(0);
}, 240_000);
