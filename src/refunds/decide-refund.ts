import type { Leg } from '../db/legs.ts';
import type { PaymentItem } from '../db/payment-items.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { invalidInput, refuse, type Problem, type Result } from '../errors.ts';
import { toCurrency } from '../money.ts';
import type { AmountRules, Capabilities } from '../providers/provider.ts';
import type { FiscalReceipt } from '../vocabulary.ts';
import { nearestThatWork, notAllocatable, sayRule, whyNotTaken } from './amount-rules.ts';
import { fitOf, type Allocate, type Cart } from './plan-items.ts';
import { isSplit, planLegs, type LegPlan } from './plan-legs.ts';
import type { RefundWish } from './refund-wish.ts';
import { receiptTotalMinor } from './receipt-total.ts';
import { refundableOf, whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';

/** What decides, before any amount, whether a payment can be refunded now. */
export interface PaymentSituation {
  readonly payment: Payment;
  readonly openLegs: readonly Pick<Leg, 'status' | 'refund_id'>[];
  /** True while a cancelPayment of this payment is not finished. */
  readonly isBeingCanceled: boolean;
  readonly capabilities: Capabilities;
  /** What the provider takes as the amount of one refund in the payment's currency. */
  readonly amountRules: AmountRules;
  /** The cart; empty where the provider knows no items, or this payment has none. */
  readonly lines: readonly PaymentItem[];
  /** Undefined where the provider knows no items. */
  readonly allocate: Allocate | undefined;
  /** True while a person has to release the payment after a restore; absent: it does not wait for that. */
  readonly isBlocked?: boolean;
  /** True while the payment waits for something at the provider, and takes no refund before. */
  readonly isNotYetRefundable?: boolean;
  readonly now: Date;
}

/** Everything the decision rests on, read under the payment's lock (or before it, to decide whether to look). */
export interface RefundSituation extends PaymentSituation {
  readonly accountCode: string;
  readonly sources: readonly PaymentSource[];
}

const retryAfterMs = 5_000;

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

/** Undefined: nothing of the payment is an item that its provider refunds. */
export const cartOf = ({ lines, allocate, amountRules }: PaymentSituation): Cart | undefined =>
  allocate === undefined || lines.length === 0 ? undefined : { lines, allocate, amountRules };

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

function whyNotThatFast({ capabilities }: RefundSituation, { speed }: RefundWish): Problem | undefined {
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

function whyNoReceipt(situation: RefundSituation, { receipt }: RefundWish): Problem | undefined {
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

function whyNotOfOneSeller({ capabilities }: RefundSituation, { legs }: LegPlan): Problem | undefined {
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

function whyNotByItem(situation: RefundSituation, { amount }: RefundWish): Problem | undefined {
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
