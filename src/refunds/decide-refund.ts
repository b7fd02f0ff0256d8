import type { Leg } from '../db/legs.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { invalidInput, refuse, type Problem, type Result } from '../errors.ts';
import type { Capabilities } from '../providers/provider.ts';
import type { FiscalReceipt } from '../vocabulary.ts';
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
    whyOtherCurrency(payment, wish) ??
    whyChanged(payment, wish) ??
    whyNotThatFast(situation, wish) ??
    whyAmountDoesNotFit(payment, leastWanted(payment, wish));
  if (refusal !== undefined) return refuse(refusal);
  const plan = planLegs(accountCode, payment, sources, wish);
  if (!plan.ok) return plan;
  const misfit =
    whyNotPartial(situation, plan.value.amountMinor) ??
    whyNotAgain(situation) ??
    whyNotOfOneSeller(situation, plan.value) ??
    whyNoReceipt(situation, wish) ??
    whyReceiptDoesNotFit(wish.receipt, payment, plan.value.amountMinor);
  return misfit === undefined ? plan : refuse(misfit);
}

/** The sum that is asked for; at least one minor unit, so that nothing left is an excess, too. */
function leastWanted(payment: Payment, { amount }: RefundWish): bigint {
  if (amount.kind === 'money') return amount.money.minor;
  if (amount.kind === 'sources') return amount.sources.reduce((sum, source) => sum + source.amount.minor, 0n);
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
export function whyNotYet({ isNotYetRefundable = false }: PaymentSituation): Problem | undefined {
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

/** Why an amount is no refund there, since it is less than everything. */
export function whyNotPartial(
  { payment, capabilities }: PaymentSituation,
  amountMinor: bigint,
): Problem | undefined {
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

/** Why there is no further refund, since the payment had one, or has one under way. */
export function whyNotAgain({
  payment,
  capabilities,
}: Pick<PaymentSituation, 'payment' | 'capabilities'>): Problem | undefined {
  const taken = payment.refunded_minor + payment.reserved_minor + payment.unbound_minor;
  if (capabilities.severalRefundsPerPayment || taken === 0n) return undefined;
  return {
    type: 'CapabilityMissing',
    code: 'CAPABILITY_MISSING',
    message: 'This provider takes one refund of a payment, and this payment had one.',
    path: ['input', 'payment'],
    retry: 'NEVER',
    capability: 'severalRefundsPerPayment',
    alternative: 'Return the rest another way.',
  };
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
