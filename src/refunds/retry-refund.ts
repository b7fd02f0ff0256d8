import { sql } from 'kysely';
import { inTransaction } from '../db/in-transaction.ts';
import { findRefund, listLegs, type Leg, type Refund } from '../db/legs.ts';
import { getIdempotencyKeyOf } from '../db/idempotency.ts';
import { findOpenOperation } from '../db/operations.ts';
import { lockPaymentForUpdate, readAppNow, type Payment } from '../db/payments.ts';
import { releaseProviderRefund } from '../db/provider-refunds.ts';
import { fromStoredReceipt } from '../db/receipts.ts';
import type { Database } from '../db/tables.ts';
import { notFound, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { Kysely } from 'kysely';
import type { RefundCreated } from './create-refund.ts';
import { moveLeg } from './move-leg.ts';
import { deriveProviderKey } from './provider-key.ts';
import { whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';
import { runLine } from './sending-line.ts';
import { waitUntilSent } from './wait.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface RetryRefundCommand {
  readonly refundId: RefundId;
  /** `Refund.retries` as the caller saw it; another number means that somebody retried already. */
  readonly expectedRetries: number;
  readonly waitMs: number;
}

const path = ['input', 'refund'];

const notRetryable: Problem = {
  type: 'NotRetryable',
  code: 'NOT_RETRYABLE',
  message: 'Only a refund with a definitely failed part can be retried. Make a new refund instead.',
  path,
  retry: 'NEVER',
};

/**
 * The one way out of a definite failure: failed legs are reserved again and sent with a new attempt and key
 * (rule 6). With another `expectedRetries` than the refund has, nothing happens and its state is the answer.
 */
export async function retryRefund(
  world: World,
  caller: Caller,
  command: RetryRefundCommand,
): Promise<Result<RefundCreated>> {
  const deadline = world.clock.monotonicMs() + command.waitMs;
  const { merchantId } = caller.viewer;
  const known = isUuid(command.refundId)
    ? await findRefund(world.db, merchantId, command.refundId)
    : undefined;
  if (known === undefined) return refuse(notFound(path, 'The refund'));
  const connection = world.connections.find(known.account_id);
  if (connection === undefined || known.origin === 'EXTERNAL') return refuse(notRetryable);
  const reopened = await reopen(world, caller, command, connection, known);
  if (!reopened.ok || reopened.value.replayed) return reopened;
  void runLine(world, connection, merchantId, known.payment_id);
  await waitUntilSent(world, known.id, deadline, (leg) => {
    void runLine(world, connection, merchantId, leg.payment_id);
  });
  return reopened;
}

function reopen(
  world: World,
  caller: Caller,
  command: RetryRefundCommand,
  connection: Connection,
  known: Refund,
): Promise<Result<RefundCreated>> {
  const { merchantId, merchantCode } = caller.viewer;
  return inTransaction(world.db, async (tx): Promise<Result<RefundCreated>> => {
    const payment = await lockPaymentForUpdate(tx, merchantId, known.payment_id);
    const refund = await findRefund(tx, merchantId, known.id);
    if (payment === undefined || refund === undefined) throw new Error(`refund ${known.id} has vanished`);
    if (refund.retries !== command.expectedRetries) return succeed({ refundId: refund.id, replayed: true });
    if (refund.status !== 'FAILED' && refund.status !== 'PARTIALLY_SUCCEEDED') return refuse(notRetryable);
    let legs = await listLegs(tx, refund.id);
    const failed = legs.filter((leg) => leg.status === 'FAILED');
    if (failed.length === 0) return refuse(notRetryable);
    const amountMinor = failed.reduce((sum, leg) => sum + leg.amount_minor, 0n);
    const problem =
      whyNotRefundable(payment, await readAppNow(tx)) ??
      whyAmountDoesNotFit(payment, amountMinor) ??
      ((await findOpenOperation(tx, payment.id)) ? beingCanceled : undefined);
    if (problem !== undefined)
      return refuse({
        ...problem,
        path,
        retry: problem.retry === 'NEW_REQUEST' ? 'RETRY_REFUND' : problem.retry,
      });
    const idempotencyKey = await getIdempotencyKeyOf(tx, refund.id);
    for (const leg of failed) {
      await releaseProviderRefund(tx, leg);
      await openAttempt(tx, { connection, merchantCode, idempotencyKey, refund, payment, leg });
      legs = await moveLeg(tx, payment, legs, leg, {
        to: 'QUEUED',
        cause: 'caller',
        source: 'API',
        by: causeOf(caller),
        patch: { attempt: leg.attempt + 1, failure: null, providerRefundId: null, rawStatus: null },
      });
    }
    await tx
      .updateTable('refunds')
      .set({ retries: sql<number>`retries + 1` })
      .where('id', '=', refund.id)
      .execute();
    return succeed({ refundId: refund.id, replayed: false });
  });
}

const beingCanceled: Problem = {
  type: 'OperationInProgress',
  code: 'ANOTHER_OPERATION_IN_PROGRESS',
  message: 'The payment is being canceled. Wait for that to end.',
  path,
  retry: 'WAIT',
  existingRefundId: null,
  retryAfterMs: 5_000,
};

async function openAttempt(
  tx: Kysely<Database>,
  retry: {
    readonly connection: Connection;
    readonly merchantCode: string;
    readonly idempotencyKey: string;
    readonly refund: Refund;
    readonly payment: Payment;
    readonly leg: Leg;
  },
): Promise<void> {
  const { connection, merchantCode, idempotencyKey, refund, payment, leg } = retry;
  const attempt = leg.attempt + 1;
  const providerKey = deriveProviderKey({ merchantCode, idempotencyKey, legName: leg.name, attempt });
  const request = connection.adapter.buildRefund({
    providerPaymentId: payment.provider_payment_id,
    amount: { minor: leg.amount_minor, currency: toCurrency(payment.currency) },
    providerKey,
    metadata: refund.metadata,
    receipt: refund.receipt && fromStoredReceipt(refund.receipt),
  });
  await tx
    .insertInto('leg_attempts')
    .values({
      leg_id: leg.id,
      attempt,
      merchant_id: leg.merchant_id,
      account_id: leg.account_id,
      provider_key: providerKey,
      wire_version: `${connection.adapter.code}/${connection.adapter.wireVersion}`,
      method: request.method,
      path: request.path,
      headers: JSON.stringify(request.headers),
      body: request.body,
    })
    .execute();
}
