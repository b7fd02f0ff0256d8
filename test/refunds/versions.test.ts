import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clearOvercommitment } from '../../src/db/payments.ts';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { openEpoch, releasePayment } from '../../src/db/epochs.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment, storeSight } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { createItemProvider } from '../support/items.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  newKey,
  paymentRow,
  refundCommand,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';
import { watchVersions, type Unraised } from '../support/version-watch.ts';
import { lostRefund, notReturned, resolve } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
beforeAll(async () => {
  t = await createTestWorld('versions');
  unraised = await watchVersions(t.database.db);
});
afterAll(() => t.close());

const create = (command: CreateRefundCommand, world: World = t.world) =>
  createRefund(world, t.caller(), command);
const connectionOf = (world: World = t.world) =>
  world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
const see = (paymentId: string, world: World = t.world) => seePayment(world, connectionOf(world), paymentId);
const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;
const rub = (value: string) => ({ value, currency: 'RUB' });
const cancelOf = (paymentId: string) => ({
  idempotencyKey: newKey(),
  payment: { account: 'yookassa-demo', paymentId },
  reason: 'OTHER' as const,
  note: null,
  feeBearer: null,
  ifCaptured: 'REFUSE' as const,
  waitMs: 10_000,
});

/** An answer to a question that was asked before the last one, naming another seller and another line. */
async function olderSight(paymentId: string): Promise<void> {
  const items = createItemProvider();
  items.sell(paymentId, [{ item: 'late', units: 1, priceMinor: 100n }]);
  const world = await t.replica({ adapter: items.adapter });
  const connection = connectionOf(world);
  const look = await connection.adapter.readPayment(connection.access, paymentId);
  if (look.kind !== 'found') throw new Error('the payment is not there');
  await see(paymentId);
  const { payment, refunds } = look.value;
  const sources = [{ seller: 'late-seller', amountMinor: 100n, platformFeeMinor: null }];
  await storeSight(
    world,
    connection,
    { refunds, payment: { ...payment, sources } },
    new Date(Date.now() - 3_600_000),
  );
}

const split = () =>
  t.payment('1500.00', {
    sources: [
      { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
      { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
    ],
  });

/** Every use case that writes what a refund is decided on, and what ends it. */
const useCases: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'createRefund that succeeds'() {
    return valueOf(await create(refundCommand(await t.payment('100.00'), 4_000n)));
  },
  async 'createRefund of several sellers, for all that remains'() {
    const paymentId = await split();
    await refundsAre(t, 'pending');
    valueOf(await create(refundCommand(paymentId, 'remaining', { feeBearer: 'PLATFORM' })));
    await settleAll(t, 'succeeded');
    await see(paymentId);
  },
  async 'a refund that fails and is retried'() {
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const { refundId } = valueOf(await create(refundCommand(await t.payment('100.00'), 4_000n)));
    valueOf(await retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 }));
  },
  async 'a refund that waits and is canceled'() {
    await armFault(t, 'rate-limited');
    const { refundId } = valueOf(await create(refundCommand(await t.payment('100.00'), 4_000n)));
    valueOf(await cancelRefund(t.world, t.caller(), { refundId }));
  },
  async 'a lost answer that is sent again'() {
    const refundId = await lostRefund(t, await t.payment('100.00'), 4_000n);
    await t.advance(60);
    await driveDue(t.world);
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  },
  async 'a lost answer that a person judges'() {
    const paymentId = await t.payment('100.00');
    await armFault(t, 'wrong-amount');
    const { refundId } = valueOf(await create(refundCommand(paymentId, 4_000n)));
    await resolve(t, refundId, notReturned);
  },
  async 'a sender that never came back'() {
    const paymentId = await t.payment('100.00');
    const dead = await t.replica({ adapter: { sendRefund: () => new Promise(() => undefined) } });
    void dead.background.drain(0);
    const { refundId } = valueOf(await create(refundCommand(paymentId, 4_000n, { waitMs: 0 }), dead));
    await t.advance(leaseSeconds + 1);
    valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
  },
  async 'refunds made elsewhere, more than is left'() {
    const paymentId = await split();
    await armFault(t, 'rate-limited');
    valueOf(
      await create(
        refundCommand(paymentId, 0n, {
          feeBearer: 'SELLER',
          amount: {
            kind: 'sources',
            sources: [{ seller: '200602', amount: { minor: 60_000n, currency: 'RUB' }, platformFee: null }],
          },
        }),
      ),
    );
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub('600.00'),
      source: { account: '200602' },
    });
    await see(paymentId);
  },
  async 'a refund made elsewhere, then another look'() {
    const paymentId = await t.payment('100.00');
    await see(paymentId);
    await consoleRefund(t, paymentId, '10.00');
    await see(paymentId);
    await see(paymentId);
  },
  async 'an answer older than the last, with a seller and a line that are new'() {
    const paymentId = await t.payment('100.00');
    await see(paymentId);
    await olderSight(paymentId);
    const { id } = await paymentRow(t, paymentId);
    for (const table of ['payment_sources', 'payment_items'] as const)
      expect(
        await t.database.db.selectFrom(table).select('id').where('payment_id', '=', id).execute(),
      ).toHaveLength(table === 'payment_sources' ? 2 : 1);
  },
  async 'refunds by item'() {
    const items = createItemProvider();
    const world = await t.replica({ adapter: items.adapter });
    const paymentId = await t.payment('100.00');
    items.sell(paymentId, [{ item: 'tea', units: 10, priceMinor: 1_000n }]);
    valueOf(
      await create(
        refundCommand(paymentId, 0n, {
          amount: { kind: 'items', items: [{ item: 'tea', quantityHundredths: 200n, amount: null }] },
        }),
        world,
      ),
    );
    await see(paymentId, world);
  },
  async 'the mark of a broken sum that is taken away'() {
    const paymentId = await t.payment('100.00');
    await see(paymentId);
    const { id } = await paymentRow(t, paymentId);
    await inTransaction(t.database.db, async (tx) => {
      await sql`UPDATE payment_sources SET overcommitted = true WHERE payment_id = ${id}`.execute(tx);
      await sql`UPDATE payments SET version = version + 1 WHERE id = ${id}`.execute(tx);
    });
    await inTransaction(t.database.db, (tx) => clearOvercommitment(tx, id));
    const source = await t.database.db
      .selectFrom('payment_sources')
      .select('overcommitted')
      .where('payment_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(source.overcommitted).toBe(false);
  },
  async 'a hold that is released'() {
    const paymentId = await t.payment('100.00', { status: 'authorized' });
    valueOf(await cancelPayment(t.world, t.caller(), cancelOf(paymentId)));
  },
  async 'a hold whose release is refused'() {
    const paymentId = await t.payment('100.00', { status: 'authorized' });
    await armFault(t, 'refuse', { operation: 'cancelPayment', code: 'invalid_request' });
    await cancelPayment(t.world, t.caller(), cancelOf(paymentId));
  },
  async 'a payment that a person releases after a restore, and one that is read again'() {
    const [released, read] = [await t.payment('100.00'), await t.payment('100.00')];
    await see(released);
    await see(read);
    await openEpoch(t.database.db);
    expect(await releasePayment(t.database.db, (await paymentRow(t, released)).id)).toBe(true);
    await see(read);
    const { read_epoch } = await paymentRow(t, read);
    expect(read_epoch).toBeGreaterThan(1);
  },
};

test.each(Object.keys(useCases))(
  '%s: whatever a refund is decided on changes together with the version of its payment',
  async (name) => {
    await refundsAre(t, 'instant');
    await useCases[name]!();
    await clearFaults(t);
    expect(await unraised()).toEqual([]);
  },
);

test('a change without the version would be noticed', async () => {
  const paymentId = await t.payment('100.00');
  await see(paymentId);
  const { id } = await paymentRow(t, paymentId);
  await sql`UPDATE payment_sources SET fee_reserved_minor = 0, overcommitted = true WHERE payment_id = ${id}`.execute(
    t.database.db,
  );
  await sql`UPDATE payments SET whole_only = NOT whole_only WHERE id = ${id}`.execute(t.database.db);
  expect((await unraised()).map(({ table_name }) => table_name).toSorted()).toEqual([
    'payment_sources',
    'payments',
  ]);
});
