import { invalidInput, type Problem } from '../errors.ts';
import { toCurrency } from '../money.ts';
import { notAllocatable } from './amount-rules.ts';
import { isSplit, type LegPlan } from './plan-legs.ts';
import { retryAfterMs, type PaymentSituation, type RefundSituation } from './refund-situation.ts';
import type { RefundWish } from './refund-wish.ts';
import { refundableOf } from './refundability.ts';

export function whyNotThatFast(
  { capabilities }: RefundSituation,
  { speed }: RefundWish,
): Problem | undefined {
  if (speed === null || capabilities.refundSpeeds.includes(speed)) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: `This provider has no refunds of speed ${speed}.`,
    path: ['input', 'speed'],
    retry: 'NEW_REQUEST',
    capability: 'refundSpeeds',
    alternative: 'Leave speed out.',
  };
}

export function whyNoReceipt(situation: RefundSituation, { receipt }: RefundWish): Problem | undefined {
  const { capabilities, sources, accountCode } = situation;
  if (receipt === null || (capabilities.receipts && !isSplit(sources, accountCode))) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'A receipt cannot be passed on with this refund.',
    path: ['input', 'receipt'],
    retry: 'NEW_REQUEST',
    capability: 'receipts',
    alternative: 'Register the receipt with your cash register.',
  };
}

export function whyNotOfOneSeller({ capabilities }: RefundSituation, { legs }: LegPlan): Problem | undefined {
  if (capabilities.splitRefunds || legs.every((leg) => leg.sellers.length === 0)) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider refunds a payment of several sellers only as a whole.',
    path: ['input', 'amount'],
    retry: 'NEW_REQUEST',
    capability: 'splitRefunds',
    alternative: 'Refund the whole captured amount, with the commission borne by the sellers.',
  };
}

export function whyNotByItem(situation: RefundSituation, { amount }: RefundWish): Problem | undefined {
  if (amount.kind !== 'items') return undefined;
  const { allocate, lines, sources, accountCode } = situation;
  const isOfSellers = isSplit(sources, accountCode);
  const path = ['input', 'amount', 'items'];
  if (allocate !== undefined && !isOfSellers)
    return lines.length > 0 ? undefined : invalidInput(path, 'The payment has no items. Ask for an amount.');
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider refunds amounts of the payment, and no items of it.',
    path,
    retry: 'NEW_REQUEST',
    capability: 'itemRefunds',
    alternative: isOfSellers
      ? 'Say with "sources" how much each seller returns.'
      : 'Add up what the items cost, and ask for that sum with "money".',
  };
}

/** Where a payment is refunded once, a second refund is none, whatever the amount; one that failed does not count. */
export function whyNoSecond({ payment, openLegs, capabilities }: PaymentSituation): Problem | undefined {
  if (capabilities.severalRefundsPerPayment) return undefined;
  const [open] = openLegs;
  if (open !== undefined)
    return {
      type: 'OperationInProgress',
      code: 'ANOTHER_OPERATION_IN_PROGRESS',
      message: 'This provider refunds a payment once, and a refund of this one is not finished.',
      path: ['input', 'payment'],
      retry: 'WAIT',
      existingRefundId: open.refund_id,
      retryAfterMs,
    };
  const isRefunded =
    payment.refunded_minor > 0n || payment.unbound_minor > 0n || (payment.provider_refunded_minor ?? 0n) > 0n;
  if (!isRefunded) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider refunds a payment once, and this one was refunded already.',
    path: ['input', 'payment'],
    retry: 'NEVER',
    capability: 'severalRefundsPerPayment',
    alternative: 'Return the money another way.',
  };
}

/** Why an amount is no refund there, since it is less than everything. */
export function whyNotPartial(
  { payment, capabilities }: PaymentSituation,
  amountMinor: bigint,
): Problem | undefined {
  if (payment.whole_only && amountMinor !== payment.captured_minor) {
    const isWhole = refundableOf(payment) === payment.captured_minor;
    return notAllocatable(
      wholeOnlyMessage,
      ['input', 'amount'],
      toCurrency(payment.currency),
      amountMinor,
      isWhole ? [payment.captured_minor] : [],
    );
  }
  if (capabilities.partialRefunds || amountMinor === payment.captured_minor) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider refunds the whole captured amount only.',
    path: ['input', 'amount'],
    retry: 'NEW_REQUEST',
    capability: 'partialRefunds',
    alternative: 'Refund the whole captured amount.',
  };
}

const wholeOnlyMessage =
  'The provider refunds this payment only as a whole, at once: the captured amount, with nothing refunded or under way.';
