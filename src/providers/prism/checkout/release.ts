import type { WireRequest } from '../../http.ts';
import type { VoidOutcome, VoidTarget } from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import { unknown, verdictOf } from '../verdict.ts';
import { authorization } from './authorization.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { readError, refusal } from './errors.ts';
import { type Access, readPayment } from './payment.ts';
import { isPaymentId } from './wire.ts';

/** `POST /payments/{id}/voids`. */
export function buildVoid(
  call: ConnectorCall,
  { providerPaymentId }: VoidTarget,
  providerKey: string,
): WireRequest {
  if (!isPaymentId(providerPaymentId)) throw new RangeError('Checkout.com has no payment with such an id.');
  return call.release(providerKey, providerPaymentId);
}

/** Sends the void once. 202 means taken: whether the hold is gone, the payment tells. */
export async function sendVoid(
  call: ConnectorCall,
  access: Access,
  request: WireRequest,
  providerPaymentId: string,
  mayStillSend: () => boolean,
): Promise<VoidOutcome> {
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(request, authorization(access.credentials), options);
  const verdict = verdictOf(result, readError, access.clock.now());
  if (verdict.kind !== 'done' && verdict.kind !== 'refused') return verdict;
  const { evidence } = verdict;
  const look = await readPayment(call, access, providerPaymentId);
  const payment = look.kind === 'found' ? look.value.payment : null;
  if (payment?.state === 'CANCELED') return { kind: 'accepted', payment, evidence };
  if (verdict.kind === 'done') return unknown(null, evidence);
  return { kind: 'refused', payment, failure: refusal(verdict.status, verdict.error), evidence };
}
