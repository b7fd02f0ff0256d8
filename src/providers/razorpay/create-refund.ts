import { readAs } from '../read-json.ts';
import type { WireRequest } from '../http.ts';
import type { AccountAccess, RefundOrder, SendOutcome, SentOrder } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { checkRefund } from './check-refund.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { authorization, type RazorpayCredentials } from './credentials.ts';
import { says } from './descriptions.ts';
import { unknown, unreadable, verdictOf } from './errors.ts';
import { readPayment } from './payment.ts';
import { explained } from './read-refund.ts';
import { REFERENCE_ENTRY, refundFacts } from './refund-status.ts';
import { type WireError, wireRefund } from './wire.ts';

type Access = AccountAccess<RazorpayCredentials>;

const KEY_HEADER = 'X-Refund-Idempotency';

/**
 * `POST /payments/{id}/refund` (razorpay.com/docs/api/refunds/create-normal). Always with its amount: what leaving it
 * out means after a partial refund is not documented. The same order makes the same bytes, in whatever order its
 * metadata came: a key with other bytes is refused.
 */
export function buildRefund(order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const { amount, metadata, providerKey, speed } = order;
  const entries = Object.entries(metadata).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const notes = Object.fromEntries([...entries, [REFERENCE_ENTRY, providerKey]]);
  const fields = [
    // An integer, printed as such: JSON.stringify knows no bigint.
    `"amount":${amount.minor}`,
    ...(speed === undefined ? [] : [`"speed":${JSON.stringify(speed.toLowerCase())}`]),
    `"receipt":${JSON.stringify(providerKey)}`,
    `"notes":${JSON.stringify(notes)}`,
  ];
  return {
    method: 'POST',
    path: `/payments/${order.providerPaymentId}/refund`,
    headers: { 'Content-Type': 'application/json', [KEY_HEADER]: providerKey },
    body: `{${fields.join(',')}}`,
  };
}

/**
 * Sends the bytes once. What the answer's amount means is the caller's business: the facts carry it. `refused` holds
 * for a first send; what a refusal of a replay proves (nothing) is the caller's business too.
 */
export async function sendRefund(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(request, authorization(access.credentials), options);
  const verdict = verdictOf(result, access.clock.now());
  const key = request.headers[KEY_HEADER];
  if (verdict.kind === 'done') {
    const { text, evidence } = verdict;
    const refund = readAs(wireRefund, text);
    if (refund === undefined || refund.payment_id !== order.providerPaymentId) return unreadable(evidence);
    const { ourReference } = refundFacts(refund, null);
    // An answer may leave our reference out, but with another's it speaks of another's refund.
    if (ourReference !== null && ourReference !== key) return unreadable(evidence);
    return { kind: 'accepted', refund: await explained(access, refund), evidence };
  }
  if (verdict.kind !== 'refused') return verdict;

  const { error, evidence } = verdict;
  const providerCode = error.code ?? null;
  const sight = await readPayment(access, order.providerPaymentId);
  const ours =
    sight.kind === 'found' ? sight.value.refunds.find(({ ourReference }) => ourReference === key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (ours !== undefined) return { kind: 'accepted', refund: ours, evidence };
  // Our receipt is unique: who knows it already may have made the refund, and lists may lag.
  if (objectsToReceipt(error)) return unknown(providerCode, evidence);
  if (sight.kind === 'unavailable' && sight.failure.code === 'AUTHENTICATION_FAILED')
    return { kind: 'deferred', failure: sight.failure, retryAfterMs: null, evidence };
  const failure = classifyRefusal({ error, requested: order.amount, sight, now: access.clock.now() });
  if (failure.code === 'ANOTHER_OPERATION_IN_PROGRESS' && says(error, 'busy'))
    return { kind: 'deferred', failure, retryAfterMs: null, evidence };
  return { kind: 'refused', failure, evidence };
}

const objectsToReceipt = (error: WireError): boolean =>
  (error.field === 'receipt' || says(error, 'receipt')) && !says(error, 'notWanted');
