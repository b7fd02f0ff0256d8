import { sql, type Kysely } from 'kysely';
import type { PaymentId } from '../ids.ts';
import type { Attempt } from './legs.ts';
import type { NewAttempt } from './refunds.ts';
import type { Database } from './tables.ts';

/**
 * Whether any leg of the payment that was ever sent has changed since a read of the payment began, other than by that
 * read. Indexes refunds_by_payment and refund_legs_name_unique.
 */
export async function wasSentSince(
  db: Kysely<Database>,
  paymentId: PaymentId,
  readAt: Date,
): Promise<boolean> {
  const row = await db
    .selectFrom('refunds')
    .innerJoin('refund_legs', 'refund_legs.refund_id', 'refunds.id')
    .select('refund_legs.id')
    .where('refunds.payment_id', '=', paymentId)
    .where('refund_legs.sent_at', 'is not', null)
    .where('refund_legs.updated_at', '>=', readAt)
    .where('refund_legs.as_of', '<>', readAt)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Replaces the bytes of an attempt of which no send may have been executed; those of any other stay for ever.
 *
 * @returns the attempt with its new bytes
 */
export function storeRebuilt(tx: Kysely<Database>, attempt: Attempt, bytes: NewAttempt): Promise<Attempt> {
  return tx
    .updateTable('leg_attempts')
    .set(bytes)
    .where('leg_id', '=', attempt.leg_id)
    .where('attempt', '=', attempt.attempt)
    .where(sql<boolean>`unclear_sends = 0`)
    .returningAll()
    .executeTakeFirstOrThrow();
}
