import { readAs } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { WireRequest } from '../http.ts';
import type { AccountAccess, PaymentFacts, VoidOutcome, VoidTarget } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { authorization, type YooKassaCredentials } from './credentials.ts';
import { unreadable, verdictOf } from './errors.ts';
import { paymentFacts, readPaymentAlone } from './payment.ts';
import { isWireId, wirePayment } from './wire.ts';

type Access = AccountAccess<YooKassaCredentials>;

/** `POST /payments/{id}/cancel` (yookassa.ru/developers, "Payment process"): always the whole hold. */
export function buildVoid({ providerPaymentId }: VoidTarget, providerKey: string): WireRequest {
  if (!isWireId(providerPaymentId)) throw new RangeError('YooKassa has no payment with such an id.');
  return {
    method: 'POST',
    path: `/payments/${providerPaymentId}/cancel`,
    headers: { 'Content-Type': 'application/json', 'Idempotence-Key': providerKey },
    body: '{}',
  };
}

/**
 * Sends the void once. A refusal is explained by reading the payment again: a hold that is gone already is a success,
 * whoever let it go.
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
    const payment = wire?.id === providerPaymentId ? paymentFacts(wire) : undefined;
    // 200 without `canceled` is no proof that the hold is gone.
    if (payment?.state !== 'CANCELED') return unreadable(verdict.evidence);
    return { kind: 'accepted', payment, evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;

  const { evidence } = verdict;
  const providerCode = verdict.error.code ?? null;
  const look = await readPaymentAlone(access, providerPaymentId);
  if (look.kind === 'absent') {
    const message = 'YooKassa does not know this payment in this shop.';
    const absent = failure('PAYMENT_NOT_FOUND', 'NEVER', message, providerCode);
    return { kind: 'refused', payment: null, failure: absent, evidence };
  }
  if (look.kind === 'unavailable') {
    const rejected = failure(
      'PROVIDER_REJECTED',
      'ASK_A_HUMAN',
      'YooKassa refused the cancellation.',
      providerCode,
    );
    return { kind: 'refused', payment: null, failure: rejected, evidence };
  }
  const payment = look.value;
  if (payment.state === 'CANCELED') return { kind: 'accepted', payment, evidence };
  return { kind: 'refused', payment, failure: notVoidable(payment, providerCode), evidence };
}

function notVoidable({ state }: PaymentFacts, providerCode: string | null) {
  switch (state) {
    case 'CAPTURED':
      return failure(
        'PROVIDER_REJECTED',
        'NEVER',
        'The payment is captured: refund it instead.',
        providerCode,
      );
    case 'AUTHORIZED':
      return failure(
        'PROVIDER_REJECTED',
        'ASK_A_HUMAN',
        'YooKassa refused to release this hold.',
        providerCode,
      );
    default:
      return failure(
        'PROVIDER_REJECTED',
        'NEVER',
        'The payment holds no money that could be released.',
        providerCode,
      );
  }
}
