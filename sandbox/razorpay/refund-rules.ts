import { plusMonths } from '../calendar.ts';
import { checkAmount } from './amount.ts';
import { ApiError } from './api-error.ts';
import { INSTANT_CURRENCY } from './currencies.ts';
import type { PaymentRecord } from './records.ts';
import type { RefundRequest } from './refund-request.ts';
import type { Store } from './store.ts';
import { shownStatus } from './view.ts';

const REFUNDABLE_MONTHS = 6;

/** What a refund that was let through takes, and whether its payment is beyond the bank's six months. */
export interface Permission {
  amountMinor: bigint;
  isOld: boolean;
}

/**
 * Whether a payment can be refunded by this request: receipt, amount, state, what is left, age, balance, in this order.
 * Throws the 400 of the first rule that it breaks.
 */
export function checkRefund(
  store: Store,
  payment: PaymentRecord,
  request: RefundRequest,
  now: number,
): Permission {
  const { settings } = store;
  const { currency } = payment;
  const { receipt, speed } = request;
  if (
    receipt !== null &&
    settings.duplicateReceipts === 'refuse' &&
    store.isReceiptUsed(payment.scope, receipt)
  ) {
    throw new ApiError('receiptUsed');
  }
  // Curlec documents `normal` only.
  if (speed === 'optimum' && currency !== INSTANT_CURRENCY) throw new ApiError('speedInvalid');
  const leftMinor = store.leftMinor(payment);
  const absent = settings.absentAmount === 'whole' ? payment.amountMinor : leftMinor;
  const amountMinor = request.amountMinor ?? absent;
  if (request.amountMinor !== undefined) checkAmount(amountMinor, currency, speed, settings);
  const status = shownStatus(payment, store.totals(payment.id), settings);
  if (status === 'refunded') throw new ApiError('fullyRefunded');
  if (status !== 'captured') throw new ApiError('notCaptured');
  if (amountMinor > payment.amountMinor) throw new ApiError('amountAboveCaptured');
  // Pending refunds count: two parallel ones must not give back more than was paid.
  if (amountMinor > leftMinor || amountMinor <= 0n) throw new ApiError('amountAboveRemaining');
  const isOld = now > plusMonths(payment.at, REFUNDABLE_MONTHS);
  if (isOld && speed === 'normal' && settings.oldPayments === 'refuse') {
    throw new ApiError(currency === INSTANT_CURRENCY ? 'sixMonthsInstant' : 'sixMonths');
  }
  if (settings.balanceMinor !== null && amountMinor > BigInt(settings.balanceMinor))
    throw new ApiError('balance');
  return { amountMinor, isOld: isOld && speed === 'normal' };
}
