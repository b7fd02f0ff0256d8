import { sql, type Kysely, type Selectable } from 'kysely';
import { inTransaction } from './in-transaction.ts';
import { systemCause } from '../context.ts';
import type { Failure } from '../errors.ts';
import type { ApiKeyId, MerchantId, OperationId, PaymentId, RefundId } from '../ids.ts';
import type { Evidence, OperationStatus, RefundReason } from '../vocabulary.ts';
import { epochNumber } from './epochs.ts';
import { eventRow, insertEvent, type EventInput } from './events.ts';
import { raiseVersion, type Payment } from './payments.ts';
import type { NewAttempt } from './refunds.ts';
import { appNow, fromAppNow } from './sql-time.ts';
import type { Database, PaymentOperationTable } from './tables.ts';

export type PaymentOperation = Selectable<PaymentOperationTable>;
type Db = Kysely<Database>;

/** The operation of a payment that is not finished (payment_operations_one_open_per_payment). */
export function findOpenOperation(
  db: Db,
  paymentId: PaymentId,
): Promise<(PaymentOperation & { lease_is_live: boolean }) | undefined> {
  return db
    .selectFrom('payment_operations')
    .selectAll()
    .select(sql<boolean>`COALESCE(lease_until > app_now(), false)`.as('lease_is_live'))
    .where('payment_id', '=', paymentId)
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .executeTakeFirst();
}

/** Primary key. */
export function findOperation(
  db: Db,
  merchantId: MerchantId,
  id: OperationId,
): Promise<(PaymentOperation & { lease_is_live: boolean }) | undefined> {
  return db
    .selectFrom('payment_operations')
    .selectAll()
    .select(sql<boolean>`COALESCE(lease_until > app_now(), false)`.as('lease_is_live'))
    .where('id', '=', id)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
}

/** The newest refund of a payment that was made elsewhere since then. Index refunds_by_payment. */
export async function findExternalRefundOf(
  db: Db,
  payment: Pick<Payment, 'id' | 'merchant_id'>,
  since: Date,
): Promise<RefundId | undefined> {
  const row = await db
    .selectFrom('refunds')
    .select('id')
    .where('merchant_id', '=', payment.merchant_id)
    .where('payment_id', '=', payment.id)
    .where('origin', '=', 'EXTERNAL')
    .where('created_at', '>=', since)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

export interface NewVoidOperation {
  readonly operationId: OperationId;
  readonly payment: Payment;
  readonly kind: PaymentOperation['kind'];
  readonly stored: NewAttempt;
  readonly leaseMs: number;
  readonly reason: RefundReason;
  readonly note: string | null;
  readonly createdBy: ApiKeyId;
  readonly idempotency: { readonly key: string; readonly hashVersion: number; readonly hash: Buffer };
  readonly event: EventInput;
}

/**
 * The intent of a void with the caller's key and its event. Needs the payment's lock, and raises its version: no refund
 * is reserved on what was read before.
 */
export async function insertVoidOperation(tx: Db, operation: NewVoidOperation): Promise<void> {
  const { payment, stored, idempotency } = operation;
  await tx
    .with('operation', (cte) =>
      cte.insertInto('payment_operations').values({
        id: operation.operationId,
        merchant_id: payment.merchant_id,
        account_id: payment.account_id,
        payment_id: payment.id,
        kind: operation.kind,
        status: 'SENDING',
        ...stored,
        sends: 1,
        first_sent_at: appNow,
        lease_until: fromAppNow(operation.leaseMs),
        next_look_at: fromAppNow(operation.leaseMs),
        reason: operation.reason,
        note: operation.note,
        created_by: operation.createdBy,
      }),
    )
    .with('key', (cte) =>
      cte.insertInto('idempotency').values({
        merchant_id: payment.merchant_id,
        key: idempotency.key,
        hash_version: idempotency.hashVersion,
        content_hash: idempotency.hash,
        refund_id: null,
        operation_id: operation.operationId,
      }),
    )
    .with('paid', (cte) =>
      cte
        .updateTable('payments')
        .set({ version: sql<number>`version + 1`, updated_at: appNow })
        .where('id', '=', payment.id),
    )
    .insertInto('events')
    .values(eventRow(operation.event))
    .execute();
}

/**
 * Takes the lease for sending the same bytes again.
 *
 * @returns how many sends there are with this one; undefined when somebody else has the lease, or when the payment was
 * not read since a restore
 */
export async function leaseOperation(db: Db, id: OperationId, leaseMs: number): Promise<number | undefined> {
  const leased = await db
    .updateTable('payment_operations')
    .set({
      lease_until: fromAppNow(leaseMs),
      next_look_at: fromAppNow(leaseMs),
      sends: sql<number>`sends + 1`,
      updated_at: appNow,
    })
    .where('id', '=', id)
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .where(
      sql<boolean>`EXISTS (SELECT 1 FROM payments p WHERE p.id = payment_operations.payment_id
        AND (p.read_epoch >= ${epochNumber} OR p.released_epoch = ${epochNumber}))`,
    )
    .where((eb) =>
      eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', eb.fn<Date>('app_now', []))]),
    )
    .returning('sends')
    .executeTakeFirst();
  return leased?.sends;
}

/** An operation that stays open is looked at again after this, in milliseconds. */
const firstLookGapMs = 5_000;

/**
 * Moves an open operation, with its event; a finished one stays as it is. One that was sent again since `operation` was
 * read moves only to SUCCEEDED, which is what the payment itself shows: what an earlier send has told says nothing about
 * the one that is under way, and does not end its lease.
 */
export async function moveOperation(
  db: Db,
  operation: PaymentOperation,
  to: OperationStatus,
  details: {
    readonly failure: Failure | null;
    readonly evidence: Evidence;
    /** What it became, where the payment turned out to be captured and given back. */
    readonly refundId?: RefundId;
  },
): Promise<void> {
  await inTransaction(db, async (tx) => {
    // First, as everywhere; whether a refund may begin depends on the operation, so the version is raised with it.
    await raiseVersion(tx, operation.payment_id);
    const updated = await tx
      .updateTable('payment_operations')
      .set({
        status: to,
        lease_until: null,
        next_look_at: fromAppNow(to === 'SENDING' || to === 'UNKNOWN' ? firstLookGapMs : null),
        failure: details.failure && JSON.stringify(details.failure),
        evidence: JSON.stringify(details.evidence),
        ...(details.refundId === undefined ? {} : { refund_id: details.refundId }),
        updated_at: appNow,
        finalized_at: to === 'SUCCEEDED' || to === 'FAILED' ? appNow : null,
      })
      .where('id', '=', operation.id)
      .where('status', 'in', ['SENDING', 'UNKNOWN'])
      .$if(to !== 'SUCCEEDED', (query) => query.where('sends', '=', operation.sends))
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n || operation.status === to) return;
    await insertEvent(tx, {
      merchantId: operation.merchant_id,
      paymentId: operation.payment_id,
      operationId: operation.id,
      kind: 'void.moved',
      from: operation.status,
      to,
      source: 'PROVIDER_READ',
      cause: systemCause,
      evidence: details.evidence,
    });
  });
}
