import type { Insertable } from 'kysely';
import { inTransaction } from '../db/in-transaction.ts';
import {
  findPaymentAtProvider,
  insertPaymentIfAbsent,
  insertPaymentSourcesIfAbsent,
  listPaymentSources,
  lockPaymentForUpdate,
  raiseCapturedOfSources,
  updatePaymentFacts,
  type Payment,
  type PaymentFactColumns,
} from '../db/payments.ts';
import { noteReadInEpoch, readNowAndEpoch } from '../db/epochs.ts';
import { insertPaymentItemsIfAbsent, sellWhatIsLeft, updateItemsLeft } from '../db/payment-items.ts';
import type { PaymentItemTable } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import { uuidv7, type ItemId, type RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { PaymentFacts, PaymentSight, RefundFacts } from '../providers/provider.ts';
import { canBeAsked, lookAtDeclared } from './declared-facts.ts';
import { firstRow, firstSources, sharesOf } from './first-row.ts';
import { settledWithin } from './background.ts';
import { factContext } from './apply-facts.ts';
import { takeInRefunds } from './bind.ts';
import { noteAccountHealth } from './account-health.ts';
import { showsAllForgotten } from './epoch.ts';
import { endLostVoid } from './end-void.ts';
import { rememberAttempts } from './remember-attempts.ts';
import { tellShrank } from './tell-shrank.ts';
import { settleUnexplained } from './unexplained.ts';
import type { World } from './world.ts';

export type Sight =
  | {
      readonly kind: 'seen';
      readonly payment: Payment;
      /** What the provider listed, and when it was asked. */
      readonly refunds: readonly RefundFacts[];
      readonly asOf: Date;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly failure: Failure };

/** How long anybody waits for a payment to be read; the read itself goes on and is stored. */
export const paymentReadLimitMs = 10_000;

/** For a query or mutation that could not wait any longer. */
export const tooSlow: Failure = {
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The provider did not answer in time. Nothing was sent; try again with the same key.',
  retry: 'SAME_KEY',
  providerCode: null,
};

/**
 * Reads a payment at its provider, with the refunds made there, and stores both: the first sight makes the
 * payment's row, later ones update its facts. The provider is read outside any transaction.
 */
export async function seePayment(
  world: World,
  connection: Connection,
  providerPaymentId: string,
  limitMs: number = paymentReadLimitMs,
): Promise<Sight> {
  let sight: Sight = { kind: 'unavailable', failure: tooSlow };
  let thrown: unknown;
  const reading = world.background.run('see payment', async () => {
    try {
      sight = await readAndStore(world, connection, providerPaymentId);
    } catch (error) {
      thrown = error;
      throw error;
    }
  });
  await settledWithin(reading, limitMs);
  if (thrown !== undefined) throw thrown;
  return sight;
}

async function readAndStore(world: World, connection: Connection, providerPaymentId: string): Promise<Sight> {
  // The epoch in which the question is asked: an answer to an earlier one may lack what was made before a restore.
  const { now: asOf, epoch } = await readNowAndEpoch(world.db);
  const isAsked = canBeAsked(connection.adapter.capabilities);
  const look = isAsked
    ? await connection.adapter.readPayment(connection.access, providerPaymentId)
    : await lookAtDeclared(world, connection, providerPaymentId);
  if (look.kind === 'unavailable' && isAsked)
    await noteAccountHealth(world, connection, 'READ', { kind: 'unknown', failure: look.failure });
  if (look.kind !== 'found') return look;
  const { payment: facts, refunds } = look.value;
  const isComplete = showsAllForgotten(connection.adapter.capabilities, facts, epoch);
  const payment = await storeSight(world, connection, look.value, asOf, isComplete ? epoch.number : null);
  return { kind: 'seen', payment, refunds, asOf };
}

/**
 * Two first sights at once make one row: insert or nothing, then lock and compare (MONEY section 6).
 *
 * @param readEpoch the epoch in which all refunds of the payment were read for this; null: not all are in it
 */
export async function storeSight(
  world: World,
  connection: Connection,
  sight: PaymentSight,
  asOf: Date,
  readEpoch: number | null = null,
): Promise<Payment> {
  const { merchantId, accountId } = connection;
  const { payment: facts } = sight;
  const stored = await inTransaction(world.db, async (tx) => {
    const known = await findPaymentAtProvider(tx, merchantId, accountId, facts.providerPaymentId);
    if (known === undefined) await insertPaymentIfAbsent(tx, firstRow(connection, facts, asOf));
    const row = known ?? (await findPaymentAtProvider(tx, merchantId, accountId, facts.providerPaymentId));
    const locked = row && (await lockPaymentForUpdate(tx, merchantId, row.id));
    if (locked === undefined) throw new Error(`payment ${facts.providerPaymentId} has vanished`);
    const shares = sharesOf(connection, facts);
    await insertPaymentSourcesIfAbsent(tx, firstSources(connection, locked.id, facts));
    await tellShrank(tx, world, locked, facts);
    await insertPaymentItemsIfAbsent(tx, itemRows(locked, facts));
    if (asOf >= locked.as_of) {
      if (connection.adapter.capabilities.itemRefunds) {
        await updateItemsLeft(tx, locked.id, facts.items);
        if (locked.captured_minor === 0n) await sellWhatIsLeft(tx, locked.id);
      }
      await updatePaymentFacts(tx, locked.id, factColumns(locked, facts, asOf));
      if (facts.state === 'CAPTURED')
        await raiseCapturedOfSources(
          tx,
          locked.id,
          shares.map(({ seller, amountMinor }) => ({ seller, capturedMinor: amountMinor })),
        );
    }
    const sources = await listPaymentSources(tx, locked.id);
    const context = factContext(world, connection, { cause: 'evidence', asOf, now: locked.locked_at });
    await rememberAttempts(tx, context, locked, sight.refunds);
    const changed: RefundId[] = await takeInRefunds(tx, context, locked, sources, sight.refunds);
    if (readEpoch !== null && locked.read_epoch < readEpoch) await noteReadInEpoch(tx, locked.id, readEpoch);
    const payment = await lockPaymentForUpdate(tx, merchantId, locked.id);
    return { payment: await settleUnexplained(tx, context, locked, payment!), changed };
  });
  for (const refundId of stored.changed) world.changes.announce(refundId);
  await endLostVoid(world, stored.payment);
  if (canBeAsked(connection.adapter.capabilities))
    await noteAccountHealth(world, connection, 'READ', { kind: 'accepted' });
  return stored.payment;
}

/** As a line is seen first, or last before the payment was captured, so much of it was sold. */
const itemRows = (payment: Payment, { items }: PaymentFacts): Insertable<PaymentItemTable>[] =>
  items.map(({ item, title, leftHundredths, leftMinor }, position) => ({
    id: uuidv7<ItemId>(),
    merchant_id: payment.merchant_id,
    payment_id: payment.id,
    item,
    title,
    position,
    sold_hundredths: leftHundredths,
    sold_minor: leftMinor,
    left_hundredths: leftHundredths,
    left_minor: leftMinor,
  }));

/** `captured` comes from capture facts and is never lowered. */
const factColumns = (known: Payment, facts: PaymentFacts, asOf: Date): PaymentFactColumns => ({
  order_reference: facts.orderReference ?? known.order_reference,
  state: facts.state,
  raw_status: facts.rawStatus,
  method: facts.method,
  amount_minor: facts.amount.minor,
  captured_minor: facts.capturedMinor > known.captured_minor ? facts.capturedMinor : known.captured_minor,
  provider_refunded_minor: facts.refundedMinor,
  refundable_by_provider: facts.refundableByProvider,
  handles: JSON.stringify(facts.handles),
  whole_only: facts.wholeOnly,
  captured_at: facts.capturedAt,
  hold_expires_at: facts.holdExpiresAt,
  refund_window_closes_at: facts.refundWindowClosesAt,
  as_of: asOf,
});
