import { inTransaction } from '../db/in-transaction.ts';
import { findRefund, listLegs } from '../db/legs.ts';
import { lockPaymentForUpdate } from '../db/payments.ts';
import { notFound, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import { moveLeg } from './move-leg.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface CancelRefundCommand {
  readonly refundId: RefundId;
}

const path = ['input', 'refund'];

const notCancelable: Problem = {
  type: 'NotCancelable',
  code: 'NOT_CANCELABLE',
  message: 'A refund can be canceled only while nothing of it has been sent to the provider.',
  path,
  retry: 'NEVER',
};

/**
 * Stops a refund before money moves: its QUEUED legs become CANCELED and their amounts are free again. A leg
 * that was sent is not touched. Canceling what is canceled already takes effect again as nothing.
 */
export function cancelRefund(
  world: World,
  caller: Caller,
  command: CancelRefundCommand,
): Promise<Result<{ readonly refundId: RefundId }>> {
  const { merchantId } = caller.viewer;
  return inTransaction(world.db, async (tx): Promise<Result<{ refundId: RefundId }>> => {
    const known = isUuid(command.refundId) ? await findRefund(tx, merchantId, command.refundId) : undefined;
    if (known === undefined) return refuse(notFound(path, 'The refund'));
    const payment = await lockPaymentForUpdate(tx, merchantId, known.payment_id);
    if (payment === undefined) throw new Error(`payment ${known.payment_id} has vanished`);
    let legs = await listLegs(tx, known.id);
    if (legs.every((leg) => leg.status === 'CANCELED')) return succeed({ refundId: known.id });
    const queued = legs.filter((leg) => leg.status === 'QUEUED');
    if (queued.length === 0) return refuse(notCancelable);
    for (const leg of queued)
      legs = await moveLeg(tx, payment, legs, leg, {
        to: 'CANCELED',
        cause: 'caller',
        source: 'API',
        by: causeOf(caller),
        patch: { failure: null },
      });
    return succeed({ refundId: known.id });
  });
}
