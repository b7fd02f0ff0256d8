import type { WireRequest } from '../../../src/providers/http.ts';
import type { OrderProblem, RefundOrder, SendOutcome, SentOrder } from '../../../src/providers/provider.ts';
import { readAs } from '../../../src/providers/read-json.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { unknown, verdictOf } from './errors.ts';
import { authorization, readPayment, refundFacts, type Access } from './payment.ts';
import { isToyId, wireRefund } from './wire.ts';

const KEY_HEADER = 'operation-key';

export function checkRefund({
  providerPaymentId,
  amount,
  metadata,
}: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  if (!isToyId(providerPaymentId))
    problems.push({ path: ['providerPaymentId'], message: 'Toy Bank has no payment with such an id.' });
  if (amount.minor <= 0n || amount.minor > BigInt(Number.MAX_SAFE_INTEGER))
    problems.push({
      path: ['amount'],
      message: 'Toy Bank takes amounts above zero, up to 2^53 - 1 minor units.',
    });
  if (Object.keys(metadata).length > 0)
    problems.push({ path: ['metadata'], message: 'Toy Bank keeps no metadata. Leave it out.' });
  return problems;
}

export function buildRefund(order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(problem.message);
  return {
    method: 'POST',
    path: `/payments/${order.providerPaymentId}/refunds`,
    headers: { 'content-type': 'application/json', [KEY_HEADER]: order.providerKey },
    body: `{"amount":${order.amount.minor},"note":${JSON.stringify(order.providerKey)}}`,
  };
}

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
    const refund = readAs(wireRefund, verdict.text);
    const isOurs = refund?.payment === order.providerPaymentId && refund.note === key;
    if (!isOurs) return unknown({ readable: refund !== undefined });
    return { kind: 'accepted', refund: refundFacts(refund), evidence: { httpStatus: 'done' } };
  }
  if (verdict.kind !== 'refused') return verdict;
  const sight = await readPayment(access, order.providerPaymentId);
  const ours = sight.kind === 'found' && sight.value.refunds.find(({ ourReference }) => ourReference === key);
  return ours ? { kind: 'accepted', refund: ours, evidence: verdict.evidence } : verdict;
}
