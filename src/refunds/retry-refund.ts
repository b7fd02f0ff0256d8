import { sql } from 'kysely';
import { inTransaction } from '../db/in-transaction.ts';
import { findRefund, findReplacement, listLegs, listLegShares, type Refund } from '../db/legs.ts';
import { getIdempotencyKeyOf } from '../db/idempotency.ts';
import { findOpenOperation } from '../db/operations.ts';
import { listItemsOfLegs } from '../db/payment-items.ts';
import { findPayment, lockPaymentForUpdate } from '../db/payments.ts';
import { releaseProviderRefund } from '../db/provider-refunds.ts';
import { notFound, providerProblem, refuse, succeed, type Problem, type Result } from '../errors.ts';
import { isUuid, type RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { RefundCreated } from './create-refund.ts';
import { mayBeSentFor, notReadYet } from './epoch.ts';
import { moveLeg } from './move-leg.ts';
import { openAttempt } from './open-attempt.ts';
import { notRetryable, whyNotRetryable } from './retryable.ts';
import { seePayment } from './see-payment.ts';
import { runLine } from './sending-line.ts';
import { whyUnavailable } from './unavailable-adapter.ts';
import { waitUntilSent } from './wait.ts';
import { causeOf, type Caller, type World } from './world.ts';

export interface RetryRefundCommand {
  readonly refundId: RefundId;
  /** `Refund.retries` as the caller saw it; another number means that somebody retried already. */
  readonly expectedRetries: number;
  readonly waitMs: number;
}

const path = ['input', 'refund'];

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
  if (connection === undefined || known.origin === 'EXTERNAL') return refuse(notRetryable());
  const unavailable = whyUnavailable(connection, path);
  if (unavailable !== undefined) return refuse(unavailable);
  if (known.retries === command.expectedRetries) {
    // A new key is the one thing that can pay twice, so the truth is read before it is opened.
    const unclear = await lookFirst(world, connection, known);
    if (unclear !== undefined) return refuse(unclear);
  }
  const reopened = await reopen(world, caller, command, connection, known);
  if (!reopened.ok || reopened.value.replayed) return reopened;
  void runLine(world, connection, merchantId, known.payment_id);
  await waitUntilSent(world, known.id, deadline);
  return reopened;
}

/** Takes in the refunds of the payment: a failure that the provider has executed after all is no failure. */
async function lookFirst(world: World, connection: Connection, refund: Refund): Promise<Problem | undefined> {
  const payment = await findPayment(world.db, refund.merchant_id, refund.payment_id);
  if (payment === undefined) throw new Error(`payment ${refund.payment_id} has vanished`);
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  return sight.kind === 'unavailable'
    ? { ...providerProblem(sight.failure, path), retry: 'RETRY_REFUND' }
    : undefined;
}

function reopen(
  world: World,
  caller: Caller,
  command: RetryRefundCommand,
  connection: Connection,
  known: Refund,
): Promise<Result<RefundCreated>> {
  const { merchantId, merchantCode } = caller.viewer;
  const reopening = inTransaction(world.db, async (tx): Promise<Result<RefundCreated>> => {
    const payment = await lockPaymentForUpdate(tx, merchantId, known.payment_id);
    const refund = await findRefund(tx, merchantId, known.id);
    if (payment === undefined || refund === undefined) throw new Error(`refund ${known.id} has vanished`);
    if (refund.retries !== command.expectedRetries) return succeed({ refundId: refund.id, replayed: true });
    if (!mayBeSentFor(payment))
      return refuse({ ...notReadYet(connection.adapter.capabilities, payment), path });
    const { capabilities } = connection.adapter;
    let legs = await listLegs(tx, refund.id);
    const legIds = legs.map((leg) => leg.id);
    const shares = await listLegShares(tx, merchantId, legIds);
    const problem = whyNotRetryable({
      refund,
      legs,
      shares,
      payment,
      items: capabilities.itemRefunds ? await listItemsOfLegs(tx, merchantId, legIds) : [],
      takesSeveral: capabilities.severalRefundsPerPayment,
      isReplaced: (await findReplacement(tx, merchantId, refund.id)) !== undefined,
      isBeingCanceled: (await findOpenOperation(tx, payment.id)) !== undefined,
      now: payment.locked_at,
    });
    if (problem !== undefined) return refuse(problem);
    const idempotencyKey = await getIdempotencyKeyOf(tx, refund.id);
    for (const leg of legs.filter(({ status }) => status === 'FAILED')) {
      const own = shares.filter((share) => share.leg_id === leg.id);
      await releaseProviderRefund(tx, leg);
      const attempt = leg.attempt + 1;
      const order = { connection, merchantCode, idempotencyKey, refund, payment, leg, shares: own };
      const objection = await openAttempt(tx, { ...order, attempt });
      if (objection !== undefined)
        throw new NotReopened(notRetryable(`${objection.message} Make a new refund.`));
      legs = await moveLeg(tx, payment, legs, leg, {
        to: 'QUEUED',
        cause: 'caller',
        source: 'API',
        by: causeOf(caller),
        patch: { attempt, failure: null, providerRefundId: null, rawStatus: null },
      });
    }
    await tx
      .updateTable('refunds')
      .set({ retries: sql<number>`retries + 1` })
      .where('id', '=', refund.id)
      .execute();
    return succeed({ refundId: refund.id, replayed: false });
  });
  return reopening.catch((error: unknown) => {
    if (error instanceof NotReopened) return refuse(error.problem);
    throw error;
  });
}

/** Takes back what was done for other legs of the refund. */
class NotReopened extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.name = 'NotReopened';
    this.problem = problem;
  }
}
