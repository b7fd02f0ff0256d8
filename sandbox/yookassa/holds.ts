import { isObject } from '../json.ts';
import { invalid } from './api-error.ts';
import type { PaymentRecord, TransferRecord } from './records.ts';
import { type Amount, parseAmount } from './refund-request.ts';
import type { Store } from './store.ts';

/** `POST /payments/{id}/cancel`: releases a hold; anything that is not held is refused with 400. */
export function cancelPayment(store: Store, payment: PaymentRecord): PaymentRecord {
  if (payment.status !== 'waiting_for_capture') throw invalid('cancelNotAllowed', 'payment_id');
  return release(store, payment, { party: 'merchant', reason: 'canceled_by_merchant' });
}

/** Ends the holds whose time is over: `canceled` with `expired_on_capture`. Returns the payments it changed. */
export function expireHolds(store: Store, now: number): PaymentRecord[] {
  return store
    .endedHolds(now)
    .map((payment) => release(store, payment, { party: 'yoo_money', reason: 'expired_on_capture' }));
}

/** `POST /payments/{id}/capture`: takes the whole hold, or less; the rest is released. Throws 400. */
export function capturePayment(
  store: Store,
  payment: PaymentRecord,
  body: Record<string, unknown>,
  now: number,
): PaymentRecord {
  if (payment.status !== 'waiting_for_capture') throw invalid('captureNotAllowed', 'payment_id');
  const whole: Amount = { minor: payment.amountMinor, currency: payment.currency };
  const amount = body['amount'] === undefined ? whole : parseAmount(body['amount'], 'amount');
  if (amount.currency !== payment.currency) throw invalid('currencyMismatch', 'amount.currency');
  if (amount.minor <= 0n || amount.minor > payment.amountMinor) throw invalid('captureAmount', 'amount');
  const captured: PaymentRecord = {
    ...payment,
    status: 'succeeded',
    amountMinor: amount.minor,
    releasedMinor: payment.amountMinor - amount.minor,
    capturedAt: now,
    transfers: transfersOf(payment, amount, body['transfers']),
  };
  store.putPayment(captured);
  return captured;
}

function release(
  store: Store,
  payment: PaymentRecord,
  cancellation: { party: string; reason: string },
): PaymentRecord {
  const canceled: PaymentRecord = {
    ...payment,
    status: 'canceled',
    releasedMinor: payment.amountMinor,
    cancellation,
  };
  store.putPayment(canceled);
  return canceled;
}

// A smaller capture of a split payment has to say what remains for each store.
function transfersOf(payment: PaymentRecord, amount: Amount, value: unknown): TransferRecord[] {
  if (value === undefined) {
    if (payment.transfers.length > 0 && amount.minor !== payment.amountMinor) {
      throw invalid('transfersInvalid', 'transfers');
    }
    return payment.transfers;
  }
  if (!Array.isArray(value) || value.length === 0) throw invalid('transfersInvalid', 'transfers');
  const transfers = value.map((item: unknown) => parseTransfer(item, payment));
  const sum = transfers.reduce((total, transfer) => total + transfer.amountMinor, 0n);
  const stores = new Set(transfers.map((transfer) => transfer.accountId));
  if (sum !== amount.minor || stores.size !== transfers.length)
    throw invalid('transfersInvalid', 'transfers');
  return transfers;
}

function parseTransfer(item: unknown, payment: PaymentRecord): TransferRecord {
  if (!isObject(item)) throw invalid('transfersInvalid', 'transfers');
  const before = payment.transfers.find((transfer) => transfer.accountId === item['account_id']);
  if (before === undefined) throw invalid('transfersInvalid', 'transfers.account_id');
  const amount = parseAmount(item['amount'], 'transfers.amount');
  const given = item['platform_fee_amount'];
  const fee = given === undefined ? undefined : parseAmount(given, 'transfers.platform_fee_amount');
  const currencies = [amount.currency, fee?.currency ?? payment.currency];
  if (currencies.some((currency) => currency !== payment.currency)) {
    throw invalid('currencyMismatch', 'transfers.amount');
  }
  if (amount.minor > before.amountMinor || (fee?.minor ?? 0n) > amount.minor) {
    throw invalid('transfersInvalid', 'transfers.amount');
  }
  return { accountId: before.accountId, amountMinor: amount.minor, feeMinor: fee?.minor };
}
