import type { Kysely } from 'kysely';
import { findRefund, findReplacement } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import { invalidInput, notFound, type Problem } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import type { RefundStatus } from '../vocabulary.ts';

const path = ['input', 'replaces'];

/** What ended without returning all of its money; everything else is done or may still return it. */
const replaceable: readonly RefundStatus[] = ['FAILED', 'CANCELED', 'REVERSED', 'PARTIALLY_SUCCEEDED'];

/**
 * Why a new refund of the payment cannot take the place of the named one; undefined when it can. Under the
 * payment's lock, which retryRefund takes, too: a refund is retried or replaced, never both.
 */
export async function whyNotReplaceable(
  tx: Kysely<Database>,
  payment: Payment,
  replaces: RefundId,
): Promise<Problem | undefined> {
  const named = isUuid(replaces) ? await findRefund(tx, payment.merchant_id, replaces) : undefined;
  if (named === undefined) return notFound(path, 'The refund to replace');
  if (named.payment_id !== payment.id) return invalidInput(path, 'That refund is of another payment.');
  if (!replaceable.includes(named.status))
    return invalidInput(path, `That refund is ${named.status}: it may return its money yet, or has done so.`);
  const replacement = await findReplacement(tx, payment.merchant_id, named.id);
  return (
    replacement && invalidInput(path, 'Another refund has taken the place of that one. Replace the latest.')
  );
}
