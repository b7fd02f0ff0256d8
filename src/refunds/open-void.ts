import pg from 'pg';
import { inTransaction } from '../db/in-transaction.ts';
import { findIdempotency } from '../db/idempotency.ts';
import { insertVoidOperation, findOpenOperation } from '../db/operations.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { refuse, succeed, type Problem, type Result } from '../errors.ts';
import { uuidv7, type OperationId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { Capabilities, VoidTarget } from '../providers/provider.ts';
import type { PaymentState } from '../vocabulary.ts';
import { leaseMsOf } from './claim.ts';
import type { CancelPaymentCommand } from './cancel-payment.ts';
import { contentHashVersion } from './content-hash.ts';
import { mayBeSentFor, notReadYet } from './epoch.ts';
import { deriveProviderKey } from './provider-key.ts';
import { retryAfterMs } from './refund-situation.ts';
import { sameKeyOtherContent } from './replay.ts';
import { storedRequest } from './stored-request.ts';
import { causeOf, type Caller, type World } from './world.ts';

/** A hold that can be released, or an unpaid payment that can be closed. */
export type StoppablePayment = Payment & { readonly state: VoidTarget['state'] };

export const canBeStopped = (
  capabilities: Capabilities,
  state: PaymentState,
): state is StoppablePayment['state'] =>
  (state === 'AUTHORIZED' && capabilities.voidAuthorized) ||
  (state === 'PENDING' && capabilities.cancelUnpaid);

/** The name in place of a leg's in the derived key of a void. */
const voidName = 'void';

/**
 * The intent of a void, committed before a byte leaves: one operation row, SENDING, that excludes every other
 * operation on the payment while it is open.
 *
 * @returns `changed` when the payment is in another state by now than it was read in; nothing was done
 */
export async function openVoid(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  connection: Connection,
  located: StoppablePayment,
  hash: Buffer,
): Promise<Result<OperationId> | 'changed'> {
  try {
    return await insertVoid(world, caller, command, connection, located, hash);
  } catch (error) {
    // The same key at the same moment for another payment.
    const isTaken = error instanceof pg.DatabaseError && error.constraint === 'idempotency_pkey';
    if (!isTaken) throw error;
    const earlier = await findIdempotency(world.db, caller.viewer.merchantId, command.idempotencyKey);
    return refuse(sameKeyOtherContent(earlier?.refund_id ?? null));
  }
}

function insertVoid(
  world: World,
  caller: Caller,
  command: CancelPaymentCommand,
  connection: Connection,
  located: StoppablePayment,
  hash: Buffer,
): Promise<Result<OperationId> | 'changed'> {
  const { merchantId, merchantCode, keyId } = caller.viewer;
  return inTransaction(world.db, async (tx): Promise<Result<OperationId> | 'changed'> => {
    const payment = await lockPaymentForUpdate(tx, merchantId, located.id);
    if (payment === undefined) throw new Error(`payment ${located.id} has vanished`);
    const earlier = await findIdempotency(tx, merchantId, command.idempotencyKey);
    if (earlier !== undefined) return refuse(sameKeyOtherContent(earlier.refund_id));
    if (!mayBeSentFor(payment)) return refuse(notReadYet(connection.adapter.capabilities, payment));
    if ((await findOpenOperation(tx, payment.id)) !== undefined) return refuse(alreadyCanceling);
    if (payment.state !== located.state) return 'changed';
    const providerKey = deriveProviderKey({
      merchantCode,
      idempotencyKey: command.idempotencyKey,
      legName: voidName,
      attempt: 1,
    });
    const operationId = uuidv7<OperationId>();
    await insertVoidOperation(tx, {
      operationId,
      payment,
      kind: located.state === 'PENDING' ? 'CANCEL_UNPAID' : 'VOID',
      stored: storedRequest(
        connection.adapter,
        providerKey,
        connection.adapter.buildVoid(
          { providerPaymentId: payment.provider_payment_id, handles: payment.handles, state: located.state },
          providerKey,
        ),
      ),
      leaseMs: leaseMsOf(connection),
      reason: command.reason,
      note: command.note,
      createdBy: keyId,
      idempotency: { key: command.idempotencyKey, hashVersion: contentHashVersion, hash },
      event: {
        merchantId,
        paymentId: payment.id,
        operationId,
        kind: 'void.created',
        to: 'SENDING',
        source: 'API',
        cause: causeOf(caller),
      },
    });
    return succeed(operationId);
  });
}

const alreadyCanceling: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message: 'This payment is being canceled already. Ask again with the key of that request.',
  path: ['input', 'payment'],
  retry: 'WAIT',
  existingRefundId: null,
  retryAfterMs,
};
