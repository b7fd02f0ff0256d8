import { readAs } from '../read-json.ts';
import type { RefundReason } from '../../vocabulary.ts';
import type { WireRequest } from '../http.ts';
import type { AccountAccess, RefundOrder, SendOutcome, SentOrder } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { checkRefund } from './check-refund.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { authorization, type StripeCredentials } from './credentials.ts';
import { unreadable, verdictOf } from './errors.ts';
import { toWire } from './money.ts';
import { readPayment } from './payment.ts';
import { REFERENCE_ENTRY, refundFacts } from './refund-status.ts';
import { post } from './post.ts';
import { wireRefund } from './wire.ts';

type Access = AccountAccess<StripeCredentials>;

const KEY_HEADER = 'Idempotency-Key';

/** Stripe has three reasons (docs.stripe.com/api/refunds/create); for any other of ours none is given. */
const reasons: ReadonlyMap<RefundReason, string> = new Map([
  ['DUPLICATE', 'duplicate'],
  ['FRAUDULENT', 'fraudulent'],
  ['REQUESTED_BY_CUSTOMER', 'requested_by_customer'],
]);

/**
 * `POST /refunds` (docs.stripe.com/api/refunds/create). Always with its amount: left out, it would be whatever remains by
 * then. The same order makes the same bytes, in whatever order its metadata came: a key with other bytes is refused.
 */
export function buildRefund(order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const { amount, metadata, providerKey } = order;
  const reason = reasons.get(order.reason);
  const entries = Object.entries(metadata).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const fields: [string, string][] = [
    ['payment_intent', order.providerPaymentId],
    ['amount', toWire(amount).toString()],
    ...(reason === undefined ? [] : [['reason', reason] satisfies [string, string]]),
    [`metadata[${REFERENCE_ENTRY}]`, providerKey],
    ...entries.map(([key, value]): [string, string] => [`metadata[${key}]`, value]),
  ];
  return post('/refunds', fields, { [KEY_HEADER]: providerKey });
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
    const wire = readAs(wireRefund, verdict.text);
    const refund = wire && refundFacts(wire);
    // With the reference of another it speaks of another's refund; without any it is ours, by the key.
    const isOurs =
      refund?.providerPaymentId === order.providerPaymentId && [null, key].includes(refund.ourReference);
    if (refund === undefined || !isOurs) return unreadable(verdict.evidence);
    return { kind: 'accepted', refund, evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;

  const { error, evidence } = verdict;
  const sight = await readPayment(access, order.providerPaymentId);
  const ours =
    sight.kind === 'found' ? sight.value.refunds.find(({ ourReference }) => ourReference === key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (ours !== undefined) return { kind: 'accepted', refund: ours, evidence };
  if (sight.kind === 'unavailable' && sight.failure.code === 'AUTHENTICATION_FAILED')
    return { kind: 'deferred', failure: sight.failure, retryAfterMs: null, evidence };
  return { kind: 'refused', failure: classifyRefusal({ error, requested: order.amount, sight }), evidence };
}
