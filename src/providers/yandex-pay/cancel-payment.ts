import type { Failure } from '../../errors.ts';
import { failure } from '../failure.ts';
import type { WireRequest } from '../http.ts';
import type { Evidence, PaymentFacts, VoidOutcome, VoidTarget } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { authorization } from './credentials.ts';
import { unknown, verdictOf, type Verdict } from './errors.ts';
import { paymentFacts } from './payment.ts';
import { readOrder, type Access } from './read.ts';
import { numbered, orderPath, write } from './requests.ts';
import { isOrderId, type WireOrder } from './wire.ts';

const ROLLBACK = 'rollback';

/** The `reason` of a cancellation is compulsory (pay.yandex.ru/docs, "Cancel an order"). */
const REASON = 'Canceled by the merchant';

/** `POST /v1/orders/{id}/cancel` for a hold, `POST /v1/orders/{id}/rollback`, which has no body, for an unpaid order. */
export function buildVoid({ providerPaymentId, state }: VoidTarget, providerKey: string): WireRequest {
  if (!isOrderId(providerPaymentId)) throw new RangeError('Yandex Pay has no order of ours with such an id.');
  if (state === 'PENDING') return write(orderPath('v1', providerPaymentId, ROLLBACK), null, providerKey, 0);
  const body = JSON.stringify({ reason: REASON, externalOperationId: providerKey });
  return write(orderPath('v1', providerPaymentId, 'cancel'), body, providerKey, 0);
}

/**
 * Sends the void once, and reads the order after it: what it is then decides. A rollback of a paid order would return
 * everything, as a refund without an id, so that the order is also read right before one, and only one that waits for its
 * payment is rolled back.
 */
export async function sendVoid(
  access: Access,
  request: WireRequest,
  providerPaymentId: string,
  mayStillSend: () => boolean,
): Promise<VoidOutcome> {
  if (request.path.endsWith(`/${ROLLBACK}`)) {
    const objection = await whyNoRollback(access, providerPaymentId);
    if (objection !== undefined) return objection;
  }
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(numbered(request, 0), authorization(access.credentials), options);
  const verdict = verdictOf(result, access.clock.now());
  if (verdict.kind === 'not-sent' || verdict.kind === 'deferred' || verdict.kind === 'unknown')
    return verdict;
  return conclude(access, request, providerPaymentId, verdict);
}

/** Undefined where the order waits for its payment and nothing of it is under way. */
async function whyNoRollback(access: Access, orderId: string): Promise<VoidOutcome | undefined> {
  const evidence = { sent: false };
  const look = await readOrder(access, orderId);
  if (look.kind === 'absent') return absent(evidence);
  if (look.kind === 'unavailable') return { kind: 'not-sent', failure: look.failure, evidence };
  const order = look.value;
  const payment = paymentFacts(order);
  if (isStopped(payment)) return { kind: 'accepted', payment, evidence };
  if (isWaiting(order)) return undefined;
  return { kind: 'refused', payment, failure: notVoidable(payment), evidence };
}

/** Operations that take money or hold it ("Operation", `operationType`); of two of them no more is told than the names. */
const payments: readonly string[] = ['AUTHORIZE', 'CAPTURE', 'SUBMIT', 'RECURRING', 'PREPAYMENT'];

const isWaiting = ({ paymentStatus, operations }: WireOrder): boolean =>
  (paymentStatus ?? 'PENDING') === 'PENDING' &&
  operations.every(({ operationType, status }) => status === 'FAIL' || !payments.includes(operationType));

const isStopped = ({ state }: PaymentFacts): boolean => state === 'CANCELED' || state === 'FAILED';

async function conclude(
  access: Access,
  request: WireRequest,
  orderId: string,
  verdict: Exclude<Verdict, { kind: 'not-sent' | 'deferred' | 'unknown' }>,
): Promise<VoidOutcome> {
  const { evidence } = verdict;
  const isNo = verdict.kind === 'refused' || verdict.kind === 'busy' || verdict.kind === 'nowhere';
  const look = await readOrder(access, orderId);
  if (look.kind === 'absent') return isNo ? absent(evidence) : unknown(evidence);
  if (look.kind === 'unavailable') {
    if (!isNo || verdict.kind === 'nowhere') return unknown(evidence);
    const message = 'Yandex Pay refused to stop this order.';
    return {
      kind: 'refused',
      payment: null,
      failure: failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', message),
      evidence,
    };
  }
  const payment = paymentFacts(look.value);
  if (isStopped(payment)) return { kind: 'accepted', payment, evidence };
  // Paid all the same: what a rollback did of it, if it came too late, the refunds of the payment tell.
  if (payment.state === 'CAPTURED')
    return { kind: 'refused', payment, failure: notVoidable(payment), evidence };
  const own = look.value.operations.find(
    ({ externalOperationId: id }) => id != null && request.body?.includes(`"${id}"`) === true,
  );
  // A cancellation is an operation, which may take its time, or come to nothing.
  if (own?.status === 'FAIL' || (own === undefined && isNo && verdict.kind !== 'nowhere'))
    return { kind: 'refused', payment, failure: notVoidable(payment), evidence };
  return unknown(evidence);
}

function absent(evidence: Evidence): VoidOutcome {
  const message = 'Yandex Pay does not know this order in this account.';
  return {
    kind: 'refused',
    payment: null,
    failure: failure('PAYMENT_NOT_FOUND', 'NEVER', message),
    evidence,
  };
}

function notVoidable({ state, refundableByProvider }: PaymentFacts): Failure {
  const reject = (retry: Failure['retry'], message: string): Failure =>
    failure('PROVIDER_REJECTED', retry, message);
  switch (state) {
    case 'CAPTURED':
      return refundableByProvider
        ? reject('NEVER', 'The order is paid: refund it instead.')
        : reject('NEVER', 'The order was paid, and everything was returned.');
    case 'AUTHORIZED':
      return reject('ASK_A_HUMAN', 'The order is held: Yandex Pay did not release it by this request.');
    default:
      return reject(
        'ASK_A_HUMAN',
        'The order is in no state in which it can be stopped without touching money.',
      );
  }
}
