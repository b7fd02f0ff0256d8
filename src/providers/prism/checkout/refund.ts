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
import { orderProblems } from '../order-problems.ts';
import { referenceOf } from '../reference.ts';
import { unavailable, unknown, verdictOf } from '../verdict.ts';
import { authorization } from './authorization.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { readError, refusal } from './errors.ts';
import { type Access, readActions, readPayment, refundsAmong } from './payment.ts';
import { isActionId, isPaymentId, wireAccepted } from './wire.ts';

/** Nor has the library's request a place for the reason. */
export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems = orderProblems(order);
  if (!isPaymentId(order.providerPaymentId))
    problems.push({ path: ['providerPaymentId'], message: 'Checkout.com has no payment with such an id.' });
  return problems;
}

/** `POST /payments/{id}/refunds`, as the library builds it: our key is the `reference`; the currency is not in it. */
export function buildRefund(call: ConnectorCall, order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const { providerKey: reference, providerPaymentId: paymentId, amount } = order;
  return call.refund({ reference, paymentId, amount });
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
  const key = referenceOf(request) ?? undefined;
  if (verdict.kind === 'done') {
    const accepted = readAs(wireAccepted, verdict.text);
    const isOurs = accepted !== undefined && [undefined, key].includes(accepted.reference);
    if (accepted === undefined || !isOurs) return unknown(null, { ...verdict.evidence, readable: false });
    const refund = pendingRefund(order, accepted.action_id, key ?? null, access.clock.now());
    return { kind: 'accepted', refund, evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;
  const sight = await readPayment(call, access, order.providerPaymentId);
  const ours =
    sight.kind === 'found' ? sight.value.refunds.find((one) => one.ourReference === key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (ours !== undefined) return { kind: 'accepted', refund: ours, evidence: verdict.evidence };
  return { kind: 'refused', failure: refusal(verdict.status, verdict.error), evidence: verdict.evidence };
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

/** A new action may be missing from the list for a while; how long is not published. */
const LISTED_WITHIN_MS = 10 * 60_000;

/** One refund by its id there: an action of its payment. */
export async function readRefund(
  call: ConnectorCall,
  access: Access,
  known: KnownRefund,
): Promise<Look<RefundFacts>> {
  const { providerRefundId, providerPaymentId, amount, createdAt } = known;
  if (!isActionId(providerRefundId) || !isPaymentId(providerPaymentId)) return { kind: 'absent' };
  const actions = await readActions(call, access, providerPaymentId);
  if (actions.kind !== 'found') return actions;
  const refunds = refundsAmong(providerPaymentId, actions.value, amount.currency, access.clock.now());
  const found = refunds.find((refund) => refund.providerRefundId === providerRefundId);
  if (found !== undefined) return { kind: 'found', value: found };
  return access.clock.now().getTime() < createdAt.getTime() + LISTED_WITHIN_MS
    ? { kind: 'unavailable', failure: unavailable('Checkout.com does not list this refund yet.') }
    : { kind: 'absent' };
}
