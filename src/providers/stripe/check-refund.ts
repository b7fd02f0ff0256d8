import type { OrderProblem, RefundOrder } from '../provider.ts';
import { amountProblem, nearestMinor } from './money.ts';
import { REFERENCE_ENTRY } from './refund-status.ts';
import { isPaymentId } from './wire.ts';

/** Limits of `metadata` (docs.stripe.com/api/metadata: 50 entries), with one entry kept for our reference. */
const MAX_METADATA = { entries: 49, key: 40, value: 500 };

/** Whatever Stripe would certainly refuse, or silently leave out. */
export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  const object = (path: readonly string[], message: string): void => void problems.push({ path, message });
  if (!isPaymentId(order.providerPaymentId))
    object(['providerPaymentId'], 'Stripe has no payment intent with such an id.');
  const amount = amountProblem(order.amount);
  if (amount !== undefined) {
    const nearest = nearestMinor(order.amount);
    const path = ['amount'];
    problems.push({ path, message: amount, ...(nearest.length === 0 ? {} : { nearestMinor: nearest }) });
  }
  if (order.speed === 'OPTIMUM') object(['speed'], 'Stripe has one speed. Ask for NORMAL, or for none.');
  if (order.receipt !== null) object(['receipt'], 'Stripe makes no fiscal receipts.');
  if (order.items.length > 0) object(['amount', 'items'], 'Stripe refunds no single items.');
  if (order.sources !== undefined && order.sources.length > 0)
    object(['sources'], 'Refunds of one seller of a payment are not made at Stripe.');
  metadataProblems(order.metadata, object);
  return problems;
}

function metadataProblems(
  metadata: RefundOrder['metadata'],
  object: (path: readonly string[], message: string) => void,
): void {
  const entries = Object.entries(metadata);
  if (entries.length > MAX_METADATA.entries) object(['metadata'], `At most ${MAX_METADATA.entries} entries.`);
  for (const [key, value] of entries) {
    const path = ['metadata', key];
    if (key === REFERENCE_ENTRY)
      object(path, `The key "${REFERENCE_ENTRY}" is reserved for our own reference. Use another one.`);
    else if (key.length > MAX_METADATA.key || value.length > MAX_METADATA.value)
      object(path, `A key has at most ${MAX_METADATA.key} characters, a value ${MAX_METADATA.value}.`);
    // docs.stripe.com/metadata: no square brackets in keys; an empty value removes its entry.
    if (/[[\]]/.test(key)) object(path, 'Stripe takes no square brackets in a key. Use another one.');
    if (key === '' || value === '')
      object(path, 'Stripe keeps no entry without a key or without a value. Leave it out.');
  }
}
