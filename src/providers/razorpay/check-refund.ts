import type { OrderProblem, RefundOrder } from '../provider.ts';
import { amountProblem } from './money.ts';
import { REFERENCE_ENTRY } from './refund-status.ts';
import { isPaymentId } from './wire.ts';

/** Limits of `notes` (razorpay.com/docs/api/refunds/create-normal: 15 pairs), with one entry kept for our reference. */
const MAX_METADATA = { entries: 14, key: 256, value: 256 };

/**
 * Emojis in a request are answered by a server error (razorpay.com/docs/api/partners/errors), which would leave it open
 * whether the money moved. Three signs of ordinary texts, which Unicode counts among them, pass.
 */
const EMOJI = /[[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}\u{FE0F}\u{20E3}]--[©®™]]/v;

/** Whatever Razorpay would certainly refuse. Its minimum amount is left to it: it is published for two currencies. */
export function checkRefund(order: Omit<RefundOrder, 'providerKey'>): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  const object = (path: readonly string[], message: string): void => void problems.push({ path, message });
  if (!isPaymentId(order.providerPaymentId)) {
    object(['providerPaymentId'], 'Razorpay has no payment with such an id.');
  }
  const amount = amountProblem(order.amount);
  if (amount !== undefined) object(['amount'], amount);
  if (order.speed === 'OPTIMUM' && order.amount.currency !== 'INR') {
    object(['speed'], 'Razorpay makes instant refunds in INR only. Ask for NORMAL.');
  }
  if (order.receipt !== null) object(['receipt'], 'Razorpay makes no fiscal receipts.');
  if (order.sources !== undefined && order.sources.length > 0) {
    object(['sources'], 'Razorpay refunds no single seller of a payment.');
  }
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
    if (EMOJI.test(key) || EMOJI.test(value)) object(path, 'Razorpay takes no emojis. Leave them out.');
  }
}
