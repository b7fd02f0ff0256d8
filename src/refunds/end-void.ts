import type { Kysely } from 'kysely';
import {
  findExternalRefundOf,
  findOpenOperation,
  moveOperation,
  type PaymentOperation,
} from '../db/operations.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import type { RefundId } from '../ids.ts';
import type { World } from './world.ts';

const capturedMeanwhile: Record<PaymentOperation['kind'], string> = {
  VOID: 'The payment was captured before its hold could be released. Refund it instead.',
  CANCEL_UNPAID: 'The payment was paid before it could be closed. Refund it instead.',
};

const authorizedMeanwhile =
  'The payment was authorized before it could be closed. Cancel it with a new key: its hold is released then.';

/** Why a payment that changed could not be stopped as what it had been. */
export const changedMeanwhile = (
  { kind }: Pick<PaymentOperation, 'kind'>,
  { state }: Pick<Payment, 'state'>,
  providerCode: string | null = null,
): Failure => ({
  code: 'PAYMENT_NOT_REFUNDABLE',
  message: state === 'AUTHORIZED' ? authorizedMeanwhile : capturedMeanwhile[kind],
  retry: 'NEW_REQUEST',
  providerCode,
});

/** A hold that is gone was released; an unpaid payment that nobody can pay any more was closed. */
export const isStopped = ({ state }: Pick<Payment, 'state'>): boolean =>
  state === 'CANCELED' || state === 'FAILED';

/**
 * It went on to where this operation cannot follow it. One that was paid and cannot be refunded may just have been given
 * back by being closed, which its provider may show late (pay.yandex.ru, "Rollback"): that is waited for.
 */
export const isOutOfReach = (
  { kind }: Pick<PaymentOperation, 'kind'>,
  { state, refundable_by_provider }: Pick<Payment, 'state' | 'refundable_by_provider'>,
): boolean =>
  kind === 'VOID'
    ? state === 'CAPTURED'
    : state === 'AUTHORIZED' || (state === 'CAPTURED' && refundable_by_provider);

/**
 * Closing a payment that was paid meanwhile may give everything back (pay.yandex.ru, "Rollback"): the refund by which
 * it did, which the read of the payment has taken in (MONEY section 8).
 */
export async function findRefundByStopping(
  db: Kysely<Database>,
  operation: Pick<PaymentOperation, 'kind' | 'created_at'>,
  payment: Payment,
): Promise<RefundId | undefined> {
  const isGivenBack =
    operation.kind === 'CANCEL_UNPAID' &&
    payment.state === 'CAPTURED' &&
    payment.captured_minor > 0n &&
    payment.refunded_minor + payment.reserved_minor >= payment.captured_minor;
  return isGivenBack ? findExternalRefundOf(db, payment, operation.created_at) : undefined;
}

/**
 * A void whose answer was lost, and that nobody asked about again, ends with what its provider says of the
 * payment: a hold that is gone was released, a captured one can be released no more. Else it would keep every
 * other operation away from the payment for ever. One that is being sent is left to its sender.
 */
export async function endLostVoid(world: World, payment: Payment): Promise<void> {
  if (payment.state === 'PENDING') return;
  const operation = await findOpenOperation(world.db, payment.id);
  if (operation === undefined || operation.lease_is_live) return;
  const evidence = { outcome: null, paymentState: payment.state };
  const refundId = await findRefundByStopping(world.db, operation, payment);
  if (refundId !== undefined || isStopped(payment))
    await moveOperation(world.db, operation, 'SUCCEEDED', {
      failure: null,
      evidence,
      ...(refundId === undefined ? {} : { refundId }),
    });
  else if (isOutOfReach(operation, payment))
    await moveOperation(world.db, operation, 'FAILED', {
      failure: changedMeanwhile(operation, payment),
      evidence,
    });
}
