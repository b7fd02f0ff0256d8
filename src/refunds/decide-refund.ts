import type { Payment } from '../db/payments.ts';
import { invalidInput, refuse, type Problem, type Result } from '../errors.ts';
import { toCurrency } from '../money.ts';
import type { FiscalReceipt } from '../vocabulary.ts';
import { nearestThatWork, notAllocatable, sayRule, whyNotTaken } from './amount-rules.ts';
import {
  whyNoReceipt,
  whyNoSecond,
  whyNotByItem,
  whyNotOfOneSeller,
  whyNotPartial,
  whyNotThatFast,
} from './missing-capability.ts';
import { fitOf } from './plan-items.ts';
import { planLegs, type LegPlan } from './plan-legs.ts';
import { cartOf, retryAfterMs, type PaymentSituation, type RefundSituation } from './refund-situation.ts';
import type { RefundWish } from './refund-wish.ts';
import { receiptTotalMinor } from './receipt-total.ts';
import { refundableOf, whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';

/** Whether a refund may be reserved now, of how much and in which legs; pure. Nothing is ever clamped (rule 9). */
export function decideRefund(situation: RefundSituation, wish: RefundWish): Result<LegPlan> {
  const { payment, sources, now, accountCode } = situation;
  const refusal =
    whyNotYet(situation) ??
    whyNotRefundable(payment, now) ??
    whyBusy(situation) ??
    whyNoSecond(situation) ??
    whyOtherCurrency(payment, wish) ??
    whyChanged(payment, wish) ??
    whyNotThatFast(situation, wish) ??
    whyNotByItem(situation, wish) ??
    whyAmountDoesNotFit(payment, leastWanted(payment, wish));
  if (refusal !== undefined) return refuse(refusal);
  const plan = planLegs(accountCode, payment, sources, wish, cartOf(situation));
  if (!plan.ok) return plan;
  const misfit =
    whyAmountDoesNotFit(payment, plan.value.amountMinor) ??
    whyNotPartial(situation, plan.value.amountMinor) ??
    whyAgainstRules(situation, wish, plan.value) ??
    whyNotOfOneSeller(situation, plan.value) ??
    whyNoReceipt(situation, wish) ??
    whyReceiptDoesNotFit(wish.receipt, payment, plan.value.amountMinor);
  return misfit === undefined ? plan : refuse(misfit);
}

/** The sum that is asked for; at least one minor unit, so that nothing left is an excess, too. */
function leastWanted(payment: Payment, { amount }: RefundWish): bigint {
  if (amount.kind === 'money') return amount.money.minor;
  if (amount.kind === 'sources') return amount.sources.reduce((sum, source) => sum + source.amount.minor, 0n);
  // What a quantity costs is known when it is laid out.
  if (amount.kind === 'items') return 1n;
  const refundableMinor = refundableOf(payment);
  return refundableMinor > 0n ? refundableMinor : 1n;
}

/** Every amount of the input with its place. */
const amountsOf = ({ amount, expectedRefundable }: RefundWish) => [
  ...(amount.kind === 'money' ? [{ money: amount.money, path: ['amount', 'money'] }] : []),
  ...(amount.kind === 'sources'
    ? amount.sources.flatMap((source, index) => [
        { money: source.amount, path: ['amount', 'sources', String(index), 'amount'] },
        ...(source.platformFee === null
          ? []
          : [{ money: source.platformFee, path: ['amount', 'sources', String(index), 'platformFee'] }]),
      ])
    : []),
  ...(amount.kind === 'items'
    ? amount.items.flatMap((one, index) =>
        one.amount === null
          ? []
          : [{ money: one.amount, path: ['amount', 'items', String(index), 'amount'] }],
      )
    : []),
  ...(expectedRefundable === null ? [] : [{ money: expectedRefundable, path: ['expectedRefundable'] }]),
];

function whyOtherCurrency(payment: Payment, wish: RefundWish): Problem | undefined {
  const foreign = amountsOf(wish).find(({ money }) => money.currency !== payment.currency);
  if (foreign === undefined) return undefined;
  return {
    type: 'CurrencyMismatch',
    code: 'CURRENCY_MISMATCH',
    message: `The payment is in ${payment.currency}. Ask for the refund in the same currency.`,
    path: ['input', ...foreign.path, 'currency'],
    retry: 'NEW_REQUEST',
    expectedCurrency: payment.currency,
  };
}

function whyChanged(payment: Payment, { expectedRefundable }: RefundWish): Problem | undefined {
  const refundableMinor = refundableOf(payment);
  if (expectedRefundable === null || expectedRefundable.minor === refundableMinor) return undefined;
  return {
    type: 'RefundableChanged',
    code: 'REFUNDABLE_CHANGED',
    message: 'Another amount is refundable now than you expected. Look at the payment again.',
    path: ['input', 'expectedRefundable'],
    retry: 'NEW_REQUEST',
    refundable: { minor: refundableMinor, currency: expectedRefundable.currency },
  };
}

/** Why the payment has to be asked for again later: the provider still works on it. */
export function whyNotYet({
  isNotYetRefundable = false,
}: Pick<PaymentSituation, 'isNotYetRefundable'>): Problem | undefined {
  if (!isNotYetRefundable) return undefined;
  return {
    type: 'OperationInProgress',
    code: 'ANOTHER_OPERATION_IN_PROGRESS',
    message: 'The provider is not done with this payment yet. Ask again with the same key later.',
    path: ['input', 'payment'],
    retry: 'WAIT',
    existingRefundId: null,
    retryAfterMs,
  };
}

/** Why nothing can be begun with the payment at this moment, whatever the amount. */
export function whyBusy({ openLegs, isBeingCanceled, capabilities }: PaymentSituation): Problem | undefined {
  const unclear = openLegs.find((leg) => leg.status === 'UNKNOWN' || leg.status === 'MANUAL_REVIEW');
  const isBlocked = capabilities.concurrentOperationsPerPayment === 'ONE' && unclear !== undefined;
  if (!isBeingCanceled && !isBlocked) return undefined;
  return {
    type: 'OperationInProgress',
    code: 'ANOTHER_OPERATION_IN_PROGRESS',
    message:
      'Another operation on this payment is not finished. Wait for it, then ask again with the same key.',
    path: ['input', 'payment'],
    retry: 'WAIT',
    existingRefundId: isBlocked ? unclear.refund_id : null,
    retryAfterMs,
  };
}

/** Each leg is a refund of its own there; what is left after all of them must be refundable, too. */
function whyAgainstRules(
  situation: RefundSituation,
  { amount }: RefundWish,
  { amountMinor, legs }: LegPlan,
): Problem | undefined {
  const { payment, amountRules } = situation;
  const currency = toCurrency(payment.currency);
  const refundableMinor = refundableOf(payment);
  const othersMinor = (legMinor: bigint): bigint => amountMinor - legMinor;
  for (const leg of legs) {
    const maximumMinor = refundableMinor - othersMinor(leg.amountMinor);
    const rule = whyNotTaken(amountRules, leg.amountMinor, maximumMinor);
    if (rule === undefined) continue;
    const cart = cartOf(situation);
    const nearest = nearestThatWork(amountRules, leg.amountMinor, maximumMinor, cart && fitOf(cart));
    const index =
      amount.kind === 'sources' ? amount.sources.findIndex(({ seller }) => seller === leg.name) : -1;
    const path = ['input', 'amount', ...(index < 0 ? [] : ['sources', String(index), 'amount'])];
    return notAllocatable(sayRule(rule, amountRules, currency), path, currency, leg.amountMinor, nearest);
  }
  return undefined;
}

function whyReceiptDoesNotFit(
  receipt: FiscalReceipt | null,
  payment: Payment,
  amountMinor: bigint,
): Problem | undefined {
  if (receipt === null) return undefined;
  const path = ['input', 'receipt', 'items'];
  const foreign = receipt.items.some((item) => item.unitPrice.currency !== payment.currency);
  if (foreign)
    return invalidInput(path, `The prices of a receipt are in the payment's currency, ${payment.currency}.`);
  if (receiptTotalMinor(receipt) === amountMinor) return undefined;
  return invalidInput(path, 'The sum of quantity times unitPrice must equal the refunded amount exactly.');
}
