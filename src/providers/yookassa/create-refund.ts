import { readAs } from '../read-json.ts';
import type { WireRequest } from '../http.ts';
import type {
  AccountAccess,
  OrderProblem,
  RefundOrder,
  SendOutcome,
  SentOrder,
  SourceFacts,
} from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { authorization, type YooKassaCredentials } from './credentials.ts';
import { unreadable, verdictOf } from './errors.ts';
import { takesCurrency, toWire } from './money.ts';
import { readPayment } from './payment.ts';
import { receiptProblems, receiptToWire } from './receipt.ts';
import { refundFacts } from './refund-status.ts';
import { isWireId, wireRefund } from './wire.ts';

type Access = AccountAccess<YooKassaCredentials>;

/** Limits of `metadata` (OpenAPI `Metadata`), with one entry kept for our reference. */
const MAX_METADATA = { entries: 15, key: 32, value: 512 };
const REFERENCE_ENTRY = 'refund_ref';

export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  if (!isWireId(order.providerPaymentId)) {
    problems.push({ path: ['providerPaymentId'], message: 'YooKassa has no payment with such an id.' });
  }
  if (!takesCurrency(order.amount.currency)) {
    problems.push({ path: ['amount'], message: `YooKassa does not take ${order.amount.currency}.` });
  } else if (order.amount.minor <= 0n) {
    problems.push({ path: ['amount'], message: 'The amount is not above zero.' });
  } else if (order.receipt !== null) {
    problems.push(...receiptProblems(order.receipt, order.amount));
  }
  problems.push(...sourceProblems(order));
  const entries = Object.entries(order.metadata);
  if (entries.length > MAX_METADATA.entries) {
    problems.push({ path: ['metadata'], message: `At most ${MAX_METADATA.entries} entries.` });
  }
  for (const [key, value] of entries) {
    if (key === REFERENCE_ENTRY) {
      problems.push({
        path: ['metadata', key],
        message: `The key "${REFERENCE_ENTRY}" is reserved for our own reference. Use another one.`,
      });
    } else if (key.length > MAX_METADATA.key || value.length > MAX_METADATA.value) {
      const message = `A key has at most ${MAX_METADATA.key} characters, a value ${MAX_METADATA.value}.`;
      problems.push({ path: ['metadata', key], message });
    }
  }
  return problems;
}

/** "Refunds in split payments": exactly one element, whose amount is that of the refund. */
function sourceProblems({ sources, amount }: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  if (sources === undefined) return [];
  const [only] = sources;
  if (only === undefined || sources.length !== 1)
    return [{ path: ['amount', 'sources'], message: 'YooKassa refunds one seller at a time.' }];
  const fits = only.amountMinor === amount.minor && (only.platformFeeMinor ?? 0n) <= only.amountMinor;
  return fits ? [] : [{ path: ['amount', 'sources'], message: "The seller's share is the whole refund." }];
}

const sourceToWire = (share: SourceFacts, { amount: { currency } }: RefundOrder) => ({
  account_id: share.seller,
  amount: toWire({ minor: share.amountMinor, currency }),
  ...(share.platformFeeMinor === null
    ? {}
    : { platform_fee_amount: toWire({ minor: share.platformFeeMinor, currency }) }),
});

/**
 * `POST /refunds` (yookassa.ru/developers, "Refunds"). The same order makes the same bytes, in whatever order its
 * metadata came: a key with other bytes would be refused.
 */
export function buildRefund(order: RefundOrder): WireRequest {
  const [problem] = checkRefund(order);
  if (problem !== undefined) throw new RangeError(`${problem.path.join('.')}: ${problem.message}`);
  const metadata = Object.entries(order.metadata).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const body = {
    payment_id: order.providerPaymentId,
    amount: toWire(order.amount),
    // Once more as the description: metadata of refunds is missing in older descriptions of the API.
    description: order.providerKey,
    ...(order.sources === undefined
      ? {}
      : { sources: order.sources.map((share) => sourceToWire(share, order)) }),
    ...(order.receipt === null ? {} : { receipt: receiptToWire(order.receipt) }),
    metadata: Object.fromEntries([...metadata, [REFERENCE_ENTRY, order.providerKey]]),
  };
  return {
    method: 'POST',
    path: '/refunds',
    headers: { 'Content-Type': 'application/json', 'Idempotence-Key': order.providerKey },
    body: JSON.stringify(body),
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
  if (verdict.kind === 'done') {
    const refund = readAs(wireRefund, verdict.text);
    if (refund === undefined || refund.payment_id !== order.providerPaymentId)
      return unreadable(verdict.evidence);
    return { kind: 'accepted', refund: refundFacts(refund), evidence: verdict.evidence };
  }
  if (verdict.kind !== 'refused') return verdict;

  const { status, error, evidence } = verdict;
  const sight = await readPayment(access, order.providerPaymentId);
  const key = request.headers['Idempotence-Key'];
  const ours =
    sight.kind === 'found' ? sight.value.refunds.find(({ ourReference }) => ourReference === key) : undefined;
  // Refused, and yet it is there: what is there counts, or a refund that happened would be called failed.
  if (ours !== undefined) return { kind: 'accepted', refund: ours, evidence };
  const failure = classifyRefusal({ status, error, requested: order.amount, sight, now: access.clock.now() });
  return { kind: 'refused', failure, evidence };
}
