import type { Leg } from '../db/legs.ts';
import type { Payment, PaymentSource } from '../db/payments.ts';
import { invalidInput, refuse, succeed, type Problem, type Result } from '../errors.ts';
import type { Money } from '../money.ts';
import type { Capabilities } from '../providers/provider.ts';
import type { FiscalReceipt } from '../vocabulary.ts';
import { planLegs, type PlannedLeg } from './plan-legs.ts';
import { receiptTotalMinor } from './receipt-total.ts';
import { refundableOf, whyAmountDoesNotFit, whyNotRefundable } from './refundability.ts';

/** Everything the decision rests on, read under the payment's lock (or before it, to decide whether to look). */
export interface RefundSituation {
  readonly payment: Payment;
  readonly sources: readonly PaymentSource[];
  readonly openLegs: readonly Leg[];
  /** True while a cancelPayment of this payment is not finished. */
  readonly isBeingCanceled: boolean;
  readonly capabilities: Capabilities;
  readonly now: Date;
}

export interface RefundWish {
  readonly amount: { readonly kind: 'remaining' } | { readonly kind: 'money'; readonly money: Money };
  readonly receipt: FiscalReceipt | null;
}

export interface RefundDecision {
  readonly amountMinor: bigint;
  readonly legs: readonly PlannedLeg[];
}

const retryAfterMs = 5_000;

/** Whether a refund may be reserved now, and of how much; pure. Nothing is ever clamped (rule 9). */
export function decideRefund(situation: RefundSituation, wish: RefundWish): Result<RefundDecision> {
  const { payment, sources, now } = situation;
  const refusal = whyNotRefundable(payment, now) ?? whyBusy(situation);
  if (refusal !== undefined) return refuse(refusal);
  const refundableMinor = refundableOf(payment);
  const amountMinor = wish.amount.kind === 'remaining' ? refundableMinor : wish.amount.money.minor;
  if (wish.amount.kind === 'money' && wish.amount.money.currency !== payment.currency)
    return refuse({
      type: 'CurrencyMismatch',
      code: 'CURRENCY_MISMATCH',
      message: `The payment is in ${payment.currency}. Ask for the refund in the same currency.`,
      path: ['input', 'amount', 'money', 'currency'],
      retry: 'NEW_REQUEST',
      expectedCurrency: payment.currency,
    });
  const excess = whyAmountDoesNotFit(payment, amountMinor > 0n ? amountMinor : 1n);
  if (excess !== undefined) return refuse(excess);
  const partial = whyNotPartial(situation, amountMinor);
  if (partial !== undefined) return refuse(partial);
  const mismatch = whyReceiptDoesNotFit(wish.receipt, payment, amountMinor);
  if (mismatch !== undefined) return refuse(mismatch);
  const legs = planLegs(sources, amountMinor);
  return legs.ok ? succeed({ amountMinor, legs: legs.value }) : legs;
}

function whyBusy({ openLegs, isBeingCanceled, capabilities }: RefundSituation): Problem | undefined {
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

function whyNotPartial({ payment, capabilities }: RefundSituation, amountMinor: bigint): Problem | undefined {
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
