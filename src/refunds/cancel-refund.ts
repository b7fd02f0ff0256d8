import { inTransaction } from '../db/in-transaction.ts';
import { findRefund, listLegs } from '../db/legs.ts';
import { lockPaymentForUpdate } from '../db/payments.ts';
import { notFound, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { isUuid, type PaymentId, type RefundId } from '../ids.ts';
import { cancelAtProvider, isStoppableThere } from './cancel-at-provider.ts';
import { mayBeSentFor } from './epoch.ts';
import { moveLeg } from './move-leg.ts';
import { onceRead } from './once-read.ts';
import { retryAfterMs } from './refund-situation.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface CancelRefundCommand {
  readonly refundId: RefundId;
}

type Canceled = Result<{ readonly refundId: RefundId }>;

const path = ['input', 'refund'];

const notCancelable: Problem = {
  type: 'NotCancelable',
  code: 'NOT_CANCELABLE',
  message:
    'A refund can be canceled only before it was sent, or while its provider still takes it back. Look at its status.',
  path,
  retry: 'NEVER',
};

const notReadYet: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message:
    'The database was restored, and it is not known yet whether this refund was sent. Its payment is read first.',
  path,
  retry: 'WAIT',
  existingRefundId: null,
  retryAfterMs,
};

/**
 * Stops a refund before money moves: its QUEUED legs become CANCELED and their amounts are free again. A leg that was
 * sent is stopped at its provider where it still can be, else it is not touched. Canceling what is canceled already
 * takes effect again as nothing. After a restore the payment is read first, since what is QUEUED in the old database
 * may have been sent.
 */
export async function cancelRefund(
  world: World,
  caller: Caller,
  command: CancelRefundCommand,
): Promise<Canceled> {
  const { merchantId } = caller.viewer;
  const known = isUuid(command.refundId)
    ? await findRefund(world.db, merchantId, command.refundId)
    : undefined;
  if (known === undefined) return refuse(notFound(path, 'The refund'));
  const connection = world.connections.find(known.account_id);
  const stoppable =
    connection === undefined
      ? []
      : (await listLegs(world.db, known.id)).filter((leg) => isStoppableThere(connection.adapter, leg));
  const act = () => cancelQueued(world, caller, known.id, known.payment_id, stoppable.length > 0);
  const canceled =
    connection === undefined
      ? await act()
      : await onceRead(world, connection, merchantId, known.payment_id, act);
  if (canceled === undefined || canceled === 'not-read') return refuse(notReadYet);
  if (!canceled.ok || connection === undefined || stoppable.length === 0) return canceled;
  const legIds = stoppable.map(({ id }) => id);
  const problem = await cancelAtProvider(world, caller, connection, known, legIds);
  if (problem === undefined) return canceled;
  return refuse(problem === 'not-read' ? notReadYet : problem);
}

function cancelQueued(
  world: World,
  caller: Caller,
  refundId: RefundId,
  paymentId: PaymentId,
  isStoppable: boolean,
): Promise<Canceled | 'not-read'> {
  return inTransaction(world.db, async (tx): Promise<Canceled | 'not-read'> => {
    const payment = await lockPaymentForUpdate(tx, caller.viewer.merchantId, paymentId);
    if (payment === undefined) throw new Error(`payment ${paymentId} has vanished`);
    let legs = await listLegs(tx, refundId);
    if (legs.every((leg) => leg.status === 'CANCELED')) return succeed({ refundId });
    const queued = legs.filter((leg) => leg.status === 'QUEUED');
    if (queued.length === 0) return isStoppable ? succeed({ refundId }) : refuse(notCancelable);
    if (!mayBeSentFor(payment)) return 'not-read';
    for (const leg of queued)
      legs = await moveLeg(tx, payment, legs, leg, {
        to: 'CANCELED',
        cause: 'caller',
        source: 'API',
        by: causeOf(caller),
        patch: { failure: null },
      });
    return succeed({ refundId });
  });
}
