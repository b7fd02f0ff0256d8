import { DAY_SECONDS } from '../calendar.ts';
import { type PaymentRecord, type ReceiptItem, STATES } from './records.ts';
import type { RefundRequest } from './refund-request.ts';
import { Rejection } from './rejection.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;
const MILLI = 1_000n;
const TOLERANCE_MINOR = 1n; // public clients compare the sum of the items within 0.01

/** Whether this can be refunded now; throws the Rejection of the first broken rule. Returns what it takes, in kopecks. */
export function checkRefund(
  store: Store,
  payment: PaymentRecord,
  { amountMinor, items }: RefundRequest,
  now: number,
): bigint {
  const { refundableDays } = store.settings;
  if (payment.state !== STATES.paid) throw new Rejection('notPaid');
  if (refundableDays !== null && now > payment.at + refundableDays * DAY_MS) throw new Rejection('tooOld');
  const left = store.leftMinor(payment);
  const taken = amountMinor ?? left;
  if (taken <= 0n || taken > left) throw new Rejection('notEnoughFunds');
  if (items.length > 0) checkItems(payment.items, items, taken);
  return taken;
}

// The items of a refund are positions of the receipt; a payment without a receipt takes any.
function checkItems(
  receipt: readonly ReceiptItem[],
  items: readonly ReceiptItem[],
  takenMinor: bigint,
): void {
  const sumMilli = items.reduce((sum, item) => sum + item.quantityMilli * item.costMinor, 0n);
  const difference = sumMilli - takenMinor * MILLI;
  if ((difference < 0n ? -difference : difference) > TOLERANCE_MINOR * MILLI) throw new Rejection('badItems');
  if (receipt.length === 0) return;
  const isOnReceipt = ({ name, quantityMilli, costMinor }: ReceiptItem): boolean =>
    receipt.some(
      (sold) => sold.name === name && sold.costMinor === costMinor && quantityMilli <= sold.quantityMilli,
    );
  if (!items.every(isOnReceipt)) throw new Rejection('badItems');
}
