import { findOperation, leaseOperation, moveOperation, type PaymentOperation } from '../db/operations.ts';
import { findPayment, readAppNow, type Payment } from '../db/payments.ts';
import { providerProblem, type Failure, type Problem } from '../errors.ts';
import { failpoint } from '../failpoints.ts';
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

/**
 * Sends a void that was committed just now and answers within `waitMs`; the work goes on after that.
 *
 * @param since read before the transaction that committed it, with its lease
 */
export async function concludeVoid(
  world: World,
  connection: Connection,
  operation: Operation,
  since: ClockReading,
  waitMs: number,
): Promise<VoidConclusion> {
  let conclusion: VoidConclusion = inProgress;
  const sending = world.background.run('void a payment', async () => {
    conclusion = await sendVoid(world, connection, operation, since, null);
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
  const { operation, payment } = await readVoid(world, merchantId, operationId);
  const connection = world.connections.find(operation.account_id);
  const isOpen = operation.status === 'SENDING' || operation.status === 'UNKNOWN';
  if (!isOpen || operation.lease_is_live || connection === undefined) return conclusionOf(operation, payment);
  let conclusion: VoidConclusion = inProgress;
  const resuming = world.background.run('resume a void', async () => {
    conclusion = await lookThenSendAgain(world, connection, operation, payment);
  });
  await settledWithin(resuming, waitMs);
  return conclusion;
}

async function readVoid(
  world: World,
  merchantId: MerchantId,
  operationId: OperationId,
): Promise<{ readonly operation: Operation; readonly payment: Payment }> {
  const operation = await findOperation(world.db, merchantId, operationId);
  const payment = operation && (await findPayment(world.db, merchantId, operation.payment_id));
  if (operation === undefined || payment === undefined)
    throw new Error(`operation ${operationId} has vanished`);
  return { operation, payment };
}

/** What a void has come to, by what is stored of it. */
function conclusionOf(operation: Operation, payment: Payment): VoidConclusion {
  switch (operation.status) {
    case 'SENDING':
    case 'UNKNOWN':
      return inProgress;
    case 'SUCCEEDED':
      return operation.refund_id === null ? voided : { kind: 'refunded', refundId: operation.refund_id };
    case 'FAILED': {
      const problem = problemOf(operation.failure);
      // One that had ended before the payment was captured has told its caller so, and is over.
      return operation.evidence?.['paymentState'] === 'CAPTURED' && payment.state === 'CAPTURED'
        ? { kind: 'captured', payment, problem }
        : { kind: 'refused', problem };
    }
  }
}

async function lookThenSendAgain(
  world: World,
  connection: Connection,
  operation: Operation,
  payment: Payment,
): Promise<VoidConclusion> {
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  if (sight.kind !== 'seen') return inProgress;
  const { state } = sight.payment;
  const firstSentAt = operation.first_sent_at ?? operation.created_at;
  const replayUntil = new Date(firstSentAt.getTime() + stopsAgainForMs);
  const now = await readAppNow(world.db);
  if (state !== waitsAs[operation.kind] || now >= replayUntil)
    return concludeFrom(world, operation, sight.payment, null, {
      isFirst: false,
      isLast: now >= replayUntil,
    });
  const since = readClocks(world);
  const sends = await leaseOperation(world.db, operation.id, leaseMsOf(connection));
  if (sends === undefined) return inProgress;
  const replayLeftMs = replayUntil.getTime() - now.getTime();
  return sendVoid(world, connection, { ...operation, sends }, since, replayLeftMs);
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
  failpoint('void.after-call');
  if (outcome.kind === 'accepted')
    await untilCommitted(world, 'store a voided payment', async () => {
      await storeSight(world, connection, { payment: outcome.payment, refunds: [] }, asOf);
    });
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  const current =
    sight.kind === 'seen' ? sight.payment : await findPayment(world.db, payment.merchant_id, payment.id);
  const send = { isFirst: replayLeftMs === null, isLast: false };
  const conclusion = await concludeFrom(world, operation, current ?? payment, outcome, send);
  await noteAccountHealth(world, connection, 'SEND', outcome);
  return conclusion;
}

/** In which state a payment still waits for being stopped. */
const waitsAs: Record<Operation['kind'], Payment['state']> = {
  VOID: 'AUTHORIZED',
  CANCEL_UNPAID: 'PENDING',
};

/** Stopping twice is stopping once, also where the provider has forgotten the key or never had one. */
const stopsAgainForMs = 23 * 3_600_000;

/** The payment was not stopped after a day: this void did not happen, another may try. */
const notStopped: Record<Operation['kind'], Failure> = {
  VOID: gaveUp('The hold was not released, and it still stands. Ask again with a new key.'),
  CANCEL_UNPAID: gaveUp('The payment was not closed, and can still be paid. Ask again with a new key.'),
};

function gaveUp(message: string): Failure {
  return { code: 'PROVIDER_UNAVAILABLE', message, retry: 'NEW_REQUEST', providerCode: null };
}

/** Which send an outcome answers. `isLast`: the time in which it may be repeated is over. */
interface Send {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Records what became of a void, and answers by what is stored then: somebody else may have been faster. */
async function concludeFrom(
  world: World,
  operation: Operation,
  payment: Payment,
  outcome: VoidOutcome | null,
  send: Send,
): Promise<VoidConclusion> {
  const refundId = await findRefundByStopping(world.db, operation, payment);
  const isDone = isStopped(payment) || refundId !== undefined;
  const failure = isDone ? null : failureOf(operation, payment, outcome, send);
  const isOver = isOutOfReach(operation, payment) || send.isLast || provesNothing(outcome, send);
  const unfinished = isOver ? 'FAILED' : 'UNKNOWN';
  const evidence = { ...outcome?.evidence, outcome: outcome?.kind ?? null, paymentState: payment.state };
  await untilCommitted(world, 'note what became of a void', () =>
    moveOperation(world.db, operation, isDone ? 'SUCCEEDED' : unfinished, {
      failure,
      evidence,
      ...(refundId === undefined ? {} : { refundId }),
    }),
  );
  const { operation: stored } = await readVoid(world, operation.merchant_id, operation.id);
  return conclusionOf(stored, payment);
}

/** Why it is not stopped, or not yet; null where the provider has only not done it yet. */
function failureOf(
  operation: Operation,
  payment: Payment,
  outcome: VoidOutcome | null,
  send: Send,
): Failure | null {
  const told = outcome === null || outcome.kind === 'accepted' ? null : outcome.failure;
  if (isOutOfReach(operation, payment)) return changedMeanwhile(operation, payment, told?.providerCode);
  return send.isLast ? notStopped[operation.kind] : told;
}

/**
 * Whether the void certainly did not happen and never will: so much only the answer to its first send says, since a
 * refusal that answers a repetition says nothing about the send before it (MONEY section 2).
 */
const provesNothing = (outcome: VoidOutcome | null, { isFirst }: Send): boolean =>
  isFirst && outcome !== null && ['refused', 'deferred', 'not-sent'].includes(outcome.kind);

/** Not the payment's state but the provider stood in the way: another request may succeed. */
const passingCodes: readonly Failure['code'][] = [
  'RATE_LIMITED',
  'AUTHENTICATION_FAILED',
  'PROVIDER_UNAVAILABLE',
];

const problemOf = (failure: Failure | null): Problem =>
  failure !== null && passingCodes.includes(failure.code)
    ? { ...providerProblem(failure, ['input', 'payment']), retry: 'NEW_REQUEST' }
    : {
        type: 'NotCancelable',
        code: 'NOT_CANCELABLE',
        message: failure?.message ?? 'The provider did not stop the payment.',
        path: ['input', 'payment'],
        retry: 'NEW_REQUEST',
      };
