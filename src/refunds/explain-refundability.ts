import type { Payment } from '../db/payments.ts';
import type { Problem } from '../errors.ts';
import { fitOf } from './plan-items.ts';
import { formatDecimal, toCurrency } from '../money.ts';
import { isTaken, nearestThatWork, sayRule, whyNotTaken } from './amount-rules.ts';
import { whyBusy, whyNotYet } from './decide-refund.ts';
import { blockedMessage } from './epoch.ts';
import { whyNoSecond, whyNotPartial } from './missing-capability.ts';
import { cartOf, type PaymentSituation } from './refund-situation.ts';
import { mismatchLooks } from './unexplained.ts';
import { refundableOf, whyNotRefundable } from './refundability.ts';

export const refundabilityStates = [
  'AVAILABLE',
  'NOTHING_LEFT',
  'NOT_CAPTURED',
  'WINDOW_CLOSED',
  'BUSY',
  'BLOCKED',
] as const;
export type RefundabilityState = (typeof refundabilityStates)[number];

/** Whether a payment can be refunded now, within which amounts (minor units), until when, and what lowers it. */
export interface Refundability {
  readonly state: RefundabilityState;
  /** Zero unless AVAILABLE. */
  readonly maximumMinor: bigint;
  /** Zero unless AVAILABLE. */
  readonly minimumMinor: bigint;
  /** The last instant at which the provider takes a refund, where it is known; also when it has passed. */
  readonly until: Date | null;
  readonly reasons: readonly string[];
}

/**
 * Explains what `decideRefund` would say to a refund of an unsplit payment, by the same rules: AVAILABLE
 * exactly when it would accept `maximumMinor`. Pure.
 */
export function explainRefundability(situation: PaymentSituation): Refundability {
  const { payment, capabilities, amountRules } = situation;
  const until = payment.refund_window_closes_at;
  const none = (state: RefundabilityState, reasons: readonly string[]): Refundability => ({
    state,
    maximumMinor: 0n,
    minimumMinor: 0n,
    until,
    reasons,
  });
  const early = whyNotYet(situation);
  if (early !== undefined) return none('BUSY', [early.message]);
  const refusal = whyNotRefundable(payment, situation.now);
  if (refusal !== undefined) return none(stateOf(refusal, payment), [refusal.message]);
  if (situation.isBlocked === true) return none('BLOCKED', [blockedMessage]);
  const busy = whyBusy(situation);
  if (busy !== undefined) return none('BUSY', [busy.message]);
  const refundableMinor = refundableOf(payment);
  const reasons = whatLowers(payment);
  if (payment.overcommitted) return none('BLOCKED', reasons);
  if (refundableMinor === 0n) return none('NOTHING_LEFT', reasons);
  const second = whyNoSecond(situation);
  if (second !== undefined)
    return none(second.type === 'OperationInProgress' ? 'BUSY' : 'BLOCKED', [second.message, ...reasons]);
  const partial = whyNotPartial(situation, refundableMinor);
  if (partial !== undefined) return none('BLOCKED', [partial.message, ...reasons]);
  const maximumMinor = largestOf(situation, refundableMinor);
  const rule = whyNotTaken(amountRules, refundableMinor, refundableMinor);
  const why = rule === undefined ? [] : [sayRule(rule, amountRules, toCurrency(payment.currency))];
  if (maximumMinor !== refundableMinor && rule === undefined) why.push(itemsMessage);
  if (maximumMinor === undefined) return none('BLOCKED', [...why, ...reasons]);
  const isWhole = payment.whole_only || !capabilities.partialRefunds;
  const minimumMinor = isWhole ? maximumMinor : smallestOf(situation, maximumMinor);
  return { state: 'AVAILABLE', maximumMinor, minimumMinor, until, reasons: [...why, ...reasons] };
}

const itemsMessage = 'The items of the payment have another sum left than the payment itself.';

/** All that is left, if that works; else the next less. */
function largestOf(situation: PaymentSituation, refundableMinor: bigint): bigint | undefined {
  const { amountRules } = situation;
  const cart = cartOf(situation);
  const isAll =
    isTaken(amountRules, refundableMinor, refundableMinor) &&
    (cart === undefined || fitOf(cart)(refundableMinor) === 'fits');
  if (isAll) return refundableMinor;
  return nearestThatWork(amountRules, refundableMinor, refundableMinor, cart && fitOf(cart))[0];
}

/** Where anything works, something above zero is the least. */
function smallestOf(situation: PaymentSituation, maximumMinor: bigint): bigint {
  const cart = cartOf(situation);
  const refundableMinor = refundableOf(situation.payment);
  const [least] = nearestThatWork(situation.amountRules, 0n, refundableMinor, cart && fitOf(cart));
  return least ?? maximumMinor;
}

function stateOf(refusal: Problem, payment: Payment): RefundabilityState {
  if (payment.state !== 'CAPTURED') return 'NOT_CAPTURED';
  if (refusal.type === 'RefundWindowClosed') return 'WINDOW_CLOSED';
  return payment.captured_minor > 0n && payment.refunded_minor >= payment.captured_minor
    ? 'NOTHING_LEFT'
    : 'BLOCKED';
}

/** Why less than the captured amount can be refunded, in sentences. */
function whatLowers(payment: Payment): string[] {
  const currency = toCurrency(payment.currency);
  const amount = (minor: bigint): string => `${formatDecimal({ minor, currency })} ${currency}`;
  const { refunded_minor, reserved_minor, unbound_minor } = payment;
  const providerMinor = payment.provider_refunded_minor ?? 0n;
  const reasons: string[] = [];
  if (payment.overcommitted) reasons.push('More was returned or is under way than was captured.');
  if (payment.captured_minor === 0n) reasons.push('Nothing was captured.');
  if (payment.amount_minor < payment.captured_minor)
    reasons.push(`The provider says now that ${amount(payment.amount_minor)} was captured.`);
  if (refunded_minor > 0n) reasons.push(`${amount(refunded_minor)} was refunded already.`);
  if (reserved_minor > 0n)
    reasons.push(`${amount(reserved_minor)} is reserved by refunds that are not final.`);
  if (unbound_minor > 0n)
    reasons.push(`${amount(unbound_minor)} was refunded at the provider, and is not attributed yet.`);
  if (providerMinor > refunded_minor + reserved_minor + unbound_minor)
    reasons.push(`The provider says that ${amount(providerMinor)} was refunded.`);
  if (payment.mismatch_looks >= mismatchLooks && providerMinor < refunded_minor)
    reasons.push(
      `The provider says that only ${amount(providerMinor)} was refunded. Somebody compares both.`,
    );
  return reasons;
}
