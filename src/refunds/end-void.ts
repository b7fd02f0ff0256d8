import { findOpenOperation, moveOperation } from '../db/operations.ts';
import type { Payment } from '../db/payments.ts';
import type { Failure } from '../errors.ts';
import type { World } from './world.ts';

export const capturedMeanwhile: Failure = {
  code: 'PAYMENT_NOT_REFUNDABLE',
  message: 'The payment was captured before its hold could be released. Refund it instead.',
  retry: 'NEW_REQUEST',
  providerCode: null,
};

/**
 * A void whose answer was lost, and that nobody asked about again, ends with what its provider says of the
 * payment: a hold that is gone was released, a captured one can be released no more. Else it would keep every
 * other operation away from the payment for ever. One that is being sent is left to its sender.
 */
export async function endLostVoid(world: World, payment: Payment): Promise<void> {
  if (payment.state !== 'CAPTURED' && payment.state !== 'CANCELED') return;
  const operation = await findOpenOperation(world.db, payment.id);
  if (operation === undefined || operation.lease_is_live) return;
  const isReleased = payment.state === 'CANCELED';
  await moveOperation(world.db, operation, isReleased ? 'SUCCEEDED' : 'FAILED', {
    failure: isReleased ? null : capturedMeanwhile,
    evidence: { outcome: null, paymentState: payment.state },
  });
}
