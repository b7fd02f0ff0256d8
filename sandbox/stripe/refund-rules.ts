import { DAY_SECONDS } from '../calendar.ts';
import { ApiError } from './api-error.ts';
import { printAmount, stepOf } from './currencies.ts';
import { chargeIdOf, paymentIdOf } from './ids.ts';
import { hasCharge, type PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

/** The account's payment of this id. Throws 404 for an unknown and a foreign id. */
export function findPayment(
  store: Store,
  scope: string,
  id: string,
  text: 'intentUnknown' | 'paymentUnknown' = 'intentUnknown',
): PaymentRecord {
  const payment = store.payments.get(id);
  if (payment === undefined || payment.scope !== scope) throw new ApiError(text, { id });
  return payment;
}

/** The account's payment of this charge. Throws 404 for an unknown and a foreign charge. */
export function findCharged(store: Store, scope: string, chargeId: string): PaymentRecord {
  const payment = store.payments.get(paymentIdOf(chargeId));
  if (payment === undefined || payment.scope !== scope || !hasCharge(payment)) {
    throw new ApiError('chargeUnknown', { id: chargeId });
  }
  return payment;
}

/**
 * What a refund of this payment takes, all that is left unless it says how much. Throws the 400 of the first rule that it
 * breaks: state, dispute, what is left, age, step of the currency.
 */
export function checkRefund(
  store: Store,
  payment: PaymentRecord,
  wantedMinor: bigint | undefined,
  now: number,
): bigint {
  const { id, currency } = payment;
  const { balance, refundableDays } = store.settings;
  if (payment.status !== 'succeeded') throw new ApiError('notCaptured', { id });
  if (payment.disputed === true) throw new ApiError('disputed', { id: chargeIdOf(id) });
  const leftMinor = store.leftMinor(payment);
  if (leftMinor <= 0n) throw new ApiError('alreadyRefunded', { id: chargeIdOf(id) });
  const amountMinor = wantedMinor ?? leftMinor;
  if (amountMinor > leftMinor) {
    const [amount, limit] = [printAmount(amountMinor, currency), printAmount(leftMinor, currency)];
    throw new ApiError('amountAbove', { amount, limit });
  }
  if (refundableDays !== null && now - payment.at > refundableDays * DAY_SECONDS * 1_000)
    throw new ApiError('tooOld');
  const step = stepOf(currency);
  if (amountMinor % step !== 0n) throw new ApiError('amountStep', { limit: step.toString() });
  if (balance === 'refuse') throw new ApiError('balance');
  return amountMinor;
}
