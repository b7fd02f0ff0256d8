import { findOperation, leaseOperation, moveOperation, type PaymentOperation } from '../db/operations.ts';
import { findPayment, readAppNow, type Payment } from '../db/payments.ts';
import { providerProblem, type Failure, type Problem } from '../errors.ts';
import type { MerchantId, OperationId, RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { VoidOutcome } from '../providers/provider.ts';
import { noteAccountHealth } from './account-health.ts';
import { settledWithin } from './background.ts';
import { leaseMsOf, readClocks, sendCheck, type ClockReading } from './claim.ts';
import { requestOf } from './stored-request.ts';
import { changedMeanwhile, findRefundByStopping, isOutOfReach, isStopped } from './end-void.ts';
import { seePayment, storeSight } from './see-payment.ts';
import { untilCommitted } from './until-committed.ts';
import type { World } from './world.ts';

export type VoidConclusion =
  | { readonly kind: 'done'; readonly outcome: 'VOIDED' | 'IN_PROGRESS' }
  /** It was captured, and stopping it has given everything back. */
  | { readonly kind: 'refunded'; readonly refundId: RefundId }
  /** It was captured before it could be stopped, and was not. */
  | { readonly kind: 'captured'; readonly payment: Payment; readonly problem: Problem }
  | { readonly kind: 'refused'; readonly problem: Problem };

type Operation = PaymentOperation & { readonly lease_is_live: boolean };

const inProgress: VoidConclusion = { kind: 'done', outcome: 'IN_PROGRESS' };
const voided: VoidConclusion = { kind: 'done', outcome: 'VOIDED' };

/** Sends a void that was committed just now and answers within `waitMs`; the work goes on after that. */
export async function concludeVoid(
  world: World,
  connection: Connection,
  operation: Operation,
  waitMs: number,
): Promise<VoidConclusion> {
  let conclusion: VoidConclusion = inProgress;
  const sending = world.background.run('void a payment', async () => {
    conclusion = await sendVoid(world, connection, operation, readClocks(world), null);
  });
  await settledWithin(sending, waitMs);
  return conclusion;
}

/** The same key again: a finished void answers as it ended, an unclear one is looked for and sent again. */
export async function resumeVoid(
  world: World,
  merchantId: MerchantId,
  operationId: OperationId,
  waitMs: number,
): Promise<VoidConclusion> {
  const operation = await findOperation(world.db, merchantId, operationId);
  const payment = operation && (await findPayment(world.db, merchantId, operation.payment_id));
  const connection = operation && world.connections.find(operation.account_id);
  if (operation === undefined || payment === undefined)
    throw new Error(`operation ${operationId} has vanished`);
  if (operation.status === 'SUCCEEDED')
    return operation.refund_id === null ? voided : { kind: 'refunded', refundId: operation.refund_id };
  if (operation.status === 'FAILED') return notStopped(payment, operation.failure);
  if (operation.lease_is_live || connection === undefined) return inProgress;
  let conclusion: VoidConclusion = inProgress;
  const resuming = world.background.run('resume a void', async () => {
    conclusion = await lookThenSendAgain(world, connection, operation, payment);
  });
  await settledWithin(resuming, waitMs);
  return conclusion;
}

async function lookThenSendAgain(
  world: World,
  connection: Connection,
  operation: Operation,
  payment: Payment,
): Promise<VoidConclusion> {
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  if (sight.kind !== 'seen') return inProgress;
  if (sight.payment.state !== stoppedState[operation.kind])
    return concludeFrom(world, operation, sight.payment, null, false);
  const firstSentAt = operation.first_sent_at ?? operation.created_at;
  const replayUntil = new Date(firstSentAt.getTime() + stopsAgainForMs);
  const now = await readAppNow(world.db);
  if (now >= replayUntil) return giveUp(world, operation);
  const since = readClocks(world);
  if (!(await leaseOperation(world.db, operation.id, leaseMsOf(connection)))) return inProgress;
  return sendVoid(world, connection, operation, since, replayUntil.getTime() - now.getTime());
}

/** Sends once, then reads the payment: what was fetched decides, whatever the answer to the send was. */
async function sendVoid(
  world: World,
  connection: Connection,
  operation: Operation,
  since: ClockReading,
  replayLeftMs: number | null,
): Promise<VoidConclusion> {
  const payment = await findPayment(world.db, operation.merchant_id, operation.payment_id);
  if (payment === undefined) throw new Error(`payment ${operation.payment_id} has vanished`);
  const { adapter, access } = connection;
  const mayStillSend = sendCheck(world, connection, since, replayLeftMs);
  const asOf = await readAppNow(world.db);
  const outcome = await adapter.sendVoid(
    access,
    requestOf(operation),
    payment.provider_payment_id,
    mayStillSend,
  );
  if (outcome.kind === 'accepted')
    await untilCommitted(world, 'store a voided payment', async () => {
      await storeSight(world, connection, { payment: outcome.payment, refunds: [] }, asOf);
    });
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  const current =
    sight.kind === 'seen' ? sight.payment : await findPayment(world.db, payment.merchant_id, payment.id);
  const conclusion = await concludeFrom(world, operation, current ?? payment, outcome, replayLeftMs === null);
  await noteAccountHealth(world, connection, 'SEND', outcome);
  return conclusion;
}

/** In which state a payment still waits for being stopped. */
const stoppedState: Record<Operation['kind'], Payment['state']> = {
  VOID: 'AUTHORIZED',
  CANCEL_UNPAID: 'PENDING',
};

/** Stopping twice is stopping once, also where the provider has forgotten the key or never had one. */
const stopsAgainForMs = 23 * 3_600_000;

/** The payment still stands after a day: this void did not happen, another may try. */
async function giveUp(world: World, operation: Operation): Promise<VoidConclusion> {
  await untilCommitted(world, 'give up a void', () =>
    moveOperation(world.db, operation, 'FAILED', {
      failure: notReleased,
      evidence: { outcome: null, paymentState: stoppedState[operation.kind] },
    }),
  );
  return refusedWith(notReleased);
}

const notReleased: Failure = {
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The hold was not released, and it still stands. Ask again with a new key.',
  retry: 'NEW_REQUEST',
  providerCode: null,
};

async function concludeFrom(
  world: World,
  operation: Operation,
  payment: Payment,
  outcome: VoidOutcome | null,
  isFirstSend: boolean,
): Promise<VoidConclusion> {
  const evidence = { ...outcome?.evidence, outcome: outcome?.kind ?? null, paymentState: payment.state };
  if (isStopped(operation, payment)) {
    await untilCommitted(world, 'finish a void', () =>
      moveOperation(world.db, operation, 'SUCCEEDED', { failure: null, evidence }),
    );
    return voided;
  }
  const refundId = await findRefundByStopping(world.db, operation, payment);
  if (refundId !== undefined) {
    await untilCommitted(world, 'finish a void', () =>
      moveOperation(world.db, operation, 'SUCCEEDED', { failure: null, evidence, refundId }),
    );
    return { kind: 'refunded', refundId };
  }
  // A refusal that answers a repetition says nothing about the send before it (MONEY section 2).
  const isProvenNothing = outcome !== null && isFirstSend && provesNothingHappened.includes(outcome.kind);
  if (isOutOfReach(operation, payment) || isProvenNothing) {
    const failure = isProvenNothing && 'failure' in outcome ? outcome.failure : changedMeanwhile(payment);
    await untilCommitted(world, 'finish a void', () =>
      moveOperation(world.db, operation, 'FAILED', { failure, evidence }),
    );
    return notStopped(payment, failure);
  }
  const failure = outcome === null || outcome.kind === 'accepted' ? null : outcome.failure;
  await untilCommitted(world, 'keep a void open', () =>
    moveOperation(world.db, operation, 'UNKNOWN', { failure, evidence }),
  );
  return inProgress;
}

/** Outcomes of a first send after which the void certainly did not happen and never will. */
const provesNothingHappened: readonly VoidOutcome['kind'][] = ['refused', 'deferred', 'not-sent'];

/** Not the payment's state but the provider stood in the way: another request may succeed. */
const passingCodes: readonly Failure['code'][] = [
  'RATE_LIMITED',
  'AUTHENTICATION_FAILED',
  'PROVIDER_UNAVAILABLE',
];

function notStopped(payment: Payment, failure: Failure | null): VoidConclusion {
  const refused = refusedWith(failure);
  return payment.state === 'CAPTURED' && refused.kind === 'refused'
    ? { kind: 'captured', payment, problem: refused.problem }
    : refused;
}

function refusedWith(failure: Failure | null): VoidConclusion {
  if (failure !== null && passingCodes.includes(failure.code))
    return {
      kind: 'refused',
      problem: { ...providerProblem(failure, ['input', 'payment']), retry: 'NEW_REQUEST' },
    };
  const problem: Problem = {
    type: 'NotCancelable',
    code: 'NOT_CANCELABLE',
    message: failure?.message ?? 'The provider did not release the hold.',
    path: ['input', 'payment'],
    retry: 'NEW_REQUEST',
  };
  return { kind: 'refused', problem };
}
