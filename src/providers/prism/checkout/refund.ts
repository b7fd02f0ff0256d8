import { readAs } from '../../read-json.ts';
import type { WireRequest } from '../../http.ts';
import type {
  KnownRefund,
  Look,
  OrderProblem,
  RefundFacts,
  RefundOrder,
  SendOutcome,
  SentOrder,
} from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import { amountProblems } from '../money.ts';
import { unknown, verdictOf } from '../verdict.ts';
import { authorization } from './authorization.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { readError, refusal } from './errors.ts';
import { type Access, readActions, readPayment, refundsAmong } from './payment.ts';
import { isActionId, isPaymentId, wireAccepted } from './wire.ts';

/** Reason and metadata have no place in the library's request; the metadata of a refund stays with us. */
export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems = amountProblems(order.amount);
  if (!isPaymentId(order.providerPaymentId))
    problems.push({ path: ['providerPaymentId'], message: 'Checkout.com has no payment with such an id.' });
  if (order.receipt !== null)
    problems.push({ path: ['receipt'], message: 'Checkout.com makes no fiscal receipts.' });
  return problems;
}

/** `POST /payments/{id}/refunds`, as the library builds it: our key is the `reference`; the currency is not in it. */
export function buildRefund(call: ConnectorCall, order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const { minor, currency } = order.amount;
  return call.refund(order.providerKey, order.providerPaymentId, minor, currency).request;
}

/**
 * Sends the bytes once. 202 means that the refund was taken, not that it was made, although the library reads it as a
 * success: what became of it, and of which amount, the list of actions tells.
 */
export async function sendRefund(
  call: ConnectorCall,
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send(request, authorization(access.credentials), options);
  const verdict = verdictOf(result, readError, access.clock.now());
  if (verdict.kind === 'done') {
    const accepted = readAs(wireAccepted, verdict.text);
    if (accepted === undefined) return unknown(null, { ...verdict.evidence, readable: false });
    const refund = pendingRefund(order, accepted.action_id, accepted.reference ?? null, access.clock.now());
    return { kind: 'accepted', refund, evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;
  const key = referenceOf(request);
  const sight = await readPayment(call, access, order.providerPaymentId);
  const ours =
    sight.kind === 'found' ? sight.value.refunds.find((one) => one.ourReference === key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (ours !== undefined) return { kind: 'accepted', refund: ours, evidence: verdict.evidence };
  return { kind: 'refused', failure: refusal(verdict.status, verdict.error), evidence: verdict.evidence };
}

/** The reference in our own stored bytes. */
function referenceOf({ body }: WireRequest): string | null {
  const stored: unknown = body === null ? null : JSON.parse(body);
  return typeof stored === 'object' && stored !== null && 'reference' in stored
    ? String(stored.reference)
    : null;
}

const pendingRefund = (
  { providerPaymentId, amount }: SentOrder,
  providerRefundId: string,
  ourReference: string | null,
  createdAt: Date,
): RefundFacts => ({
  providerRefundId,
  providerPaymentId,
  status: 'PENDING',
  rawStatus: 'requested',
  amount,
  failure: null,
  ourReference,
  createdAt,
  traceReferences: [],
  sources: [],
  providerDetails: {},
});

/** One refund by its id there: an action of its payment. */
export async function readRefund(
  call: ConnectorCall,
  access: Access,
  known: KnownRefund,
): Promise<Look<RefundFacts>> {
  const { providerRefundId, providerPaymentId, amount } = known;
  if (!isActionId(providerRefundId) || !isPaymentId(providerPaymentId)) return { kind: 'absent' };
  const actions = await readActions(call, access, providerPaymentId);
  if (actions.kind !== 'found') return actions;
  const refunds = refundsAmong(providerPaymentId, actions.value, amount.currency, access.clock.now());
  const found = refunds.find((refund) => refund.providerRefundId === providerRefundId);
  return found === undefined ? { kind: 'absent' } : { kind: 'found', value: found };
}
