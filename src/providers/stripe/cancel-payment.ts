import { readAs } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { WireRequest } from '../http.ts';
import type { AccountAccess, PaymentFacts, VoidOutcome, VoidTarget } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { authorization, type StripeCredentials } from './credentials.ts';
import { unreadable, verdictOf } from './errors.ts';
import { paymentFacts, readPaymentAlone } from './payment.ts';
import { post } from './post.ts';
import { type WireError, isPaymentId, wirePayment } from './wire.ts';

type Access = AccountAccess<StripeCredentials>;

/**
 * `POST /payment_intents/{id}/cancel` (docs.stripe.com/api/payment_intents/cancel): one call for a hold, which is released
 * as a whole, and for what is not paid yet.
 */
export function buildVoid({ providerPaymentId }: VoidTarget, providerKey: string): WireRequest {
  if (!isPaymentId(providerPaymentId)) throw new RangeError('Stripe has no payment intent with such an id.');
  return post(
    `/payment_intents/${providerPaymentId}/cancel`,
    [['cancellation_reason', 'requested_by_customer']],
    { 'Idempotency-Key': providerKey },
  );
}

/**
 * Sends the void once. A refusal is explained by reading the payment again, since the one that the refusal carries may be
 * a stored answer: what is canceled already is a success, whoever canceled it.
 */
export async function sendVoid(
  access: Access,
  request: WireRequest,
  providerPaymentId: string,
  mayStillSend: () => boolean,
): Promise<VoidOutcome> {
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(request, authorization(access.credentials), options);
  const verdict = verdictOf(result, access.clock.now());
  if (verdict.kind === 'done') {
    const wire = readAs(wirePayment, verdict.text);
    const payment = wire?.id === providerPaymentId ? paymentFacts(wire, null) : undefined;
    // 200 without `canceled` is no proof that the hold is gone.
    if (payment?.state !== 'CANCELED') return unreadable(verdict.evidence);
    return { kind: 'accepted', payment, evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;

  const { error, evidence } = verdict;
  const providerCode = error.code ?? null;
  const look = await readPaymentAlone(access, providerPaymentId);
  if (look.kind === 'absent') {
    const message = 'Stripe does not know this payment in this account.';
    const absent = failure('PAYMENT_NOT_FOUND', 'NEVER', message, providerCode);
    return { kind: 'refused', payment: null, failure: absent, evidence };
  }
  const payment = look.kind === 'found' ? look.value : endedPayment(error, providerPaymentId);
  if (payment?.state === 'CANCELED') return { kind: 'accepted', payment, evidence };
  return { kind: 'refused', payment, failure: notVoidable(payment, providerCode), evidence };
}

/** The payment that a refusal carries, if it is in a state that it never leaves. */
function endedPayment({ payment_intent: carried }: WireError, wanted: string): PaymentFacts | null {
  const read = wirePayment.safeParse(carried);
  if (!read.success || read.data.id !== wanted) return null;
  const payment = paymentFacts(read.data, null);
  return payment.state === 'CAPTURED' || payment.state === 'CANCELED' ? payment : null;
}

function notVoidable(payment: PaymentFacts | null, providerCode: string | null): Failure {
  return payment?.state === 'CAPTURED'
    ? failure('PROVIDER_REJECTED', 'NEVER', 'The payment is captured: refund it instead.', providerCode)
    : failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', 'Stripe refused to cancel this payment.', providerCode);
}
