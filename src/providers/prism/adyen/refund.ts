import { readAs } from '../../read-json.ts';
import type { WireRequest } from '../../http.ts';
import type { RefundReason } from '../../../vocabulary.ts';
import type {
  AccountAccess,
  KnownRefund,
  Look,
  OrderProblem,
  RefundFacts,
  RefundOrder,
  SendOutcome,
  SentOrder,
} from '../../provider.ts';
import type { ConnectorCall } from '../connector-call.ts';
import type { CredentialsOf } from '../credentials.ts';
import { fromWire } from '../money.ts';
import { orderProblems } from '../order-problems.ts';
import { referenceOf } from '../reference.ts';
import { unknown, verdictOf } from '../verdict.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { readError, refusal } from './errors.ts';
import { isPspReference, wireReceived } from './wire.ts';

export type Access = AccountAccess<CredentialsOf<'adyen'>>;

/** The word of an answer that Adyen has taken the request; whatever the word is, the library reads it as pending. */
const RECEIVED = 'received';

/** Adyen has five words for it, and the library passes on whatever it is given (docs.adyen.com/api-explorer/Checkout/68). */
const reasons: ReadonlyMap<RefundReason, string> = new Map([
  ['DUPLICATE', 'DUPLICATE'],
  ['FRAUDULENT', 'FRAUD'],
  ['REQUESTED_BY_CUSTOMER', 'CUSTOMER REQUEST'],
  ['RETURNED_GOODS', 'RETURN'],
]);

export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems = orderProblems(order);
  if (!isPspReference(order.providerPaymentId))
    problems.push({ path: ['providerPaymentId'], message: 'Adyen has no payment with such a reference.' });
  return problems;
}

/** `POST /v68/payments/{psp}/refunds`, as the library builds it: our key is the `reference`. */
export function buildRefund(call: ConnectorCall, order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const { providerKey: reference, providerPaymentId: paymentId, amount } = order;
  return call.refund({ reference, paymentId, amount, reason: reasons.get(order.reason) ?? 'OTHER' });
}

/** Sends the bytes once. The amount and the currency of the answer are the raw ones, which the library does not show. */
export async function sendRefund(
  access: Access,
  request: WireRequest,
  order: SentOrder,
  mayStillSend: () => boolean,
): Promise<SendOutcome> {
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const secrets = { 'x-api-key': access.credentials.apiKey };
  const result = await access.http.send(request, secrets, options);
  const verdict = verdictOf(result, readError, access.clock.now());
  if (verdict.kind === 'refused')
    return { kind: 'refused', failure: refusal(verdict.status, verdict.error), evidence: verdict.evidence };
  if (verdict.kind !== 'done') return verdict;
  const wire = readAs(wireReceived, verdict.text);
  const amount =
    wire?.amount === undefined ? order.amount : fromWire(wire.amount.value, wire.amount.currency);
  const isOurs =
    wire?.paymentPspReference === order.providerPaymentId && wire.reference === referenceOf(request);
  if (wire === undefined || amount === undefined || !isOurs)
    return unknown(null, { ...verdict.evidence, readable: false });
  const refund: RefundFacts = {
    ...received({
      providerRefundId: wire.pspReference,
      providerPaymentId: order.providerPaymentId,
      amount,
      createdAt: access.clock.now(),
    }),
    status: wire.status === RECEIVED ? 'PENDING' : 'UNRECOGNISED',
    rawStatus: wire.status,
    ourReference: wire.reference,
  };
  return { kind: 'accepted', refund, evidence: verdict.evidence };
}

/**
 * Adyen has no call that reads a refund: what is known is what it answered, that it was received. A notification with a
 * verified signature will tell the end.
 */
export const readRefund = (known: KnownRefund): Promise<Look<RefundFacts>> =>
  Promise.resolve({ kind: 'found', value: received(known) });

const received = ({ providerRefundId, providerPaymentId, amount, createdAt }: KnownRefund): RefundFacts => ({
  providerRefundId,
  providerPaymentId,
  status: 'PENDING',
  rawStatus: RECEIVED,
  amount,
  failure: null,
  ourReference: null,
  createdAt,
  traceReferences: [],
  sources: [],
  providerDetails: {},
});
