import { released } from './holds.ts';
import { type PaymentRecord, STATES } from './records.ts';
import type { Store } from './store.ts';

/** Lets happen what is due: refunds finish, holds end, payments are credited. Returns the payments that are paid now. */
export function settleDue(store: Store, now: number): PaymentRecord[] {
  for (const refund of store.processingRefunds()) {
    if (refund.dueAt !== undefined && refund.dueAt <= now) store.putRefund({ ...refund, status: 'finished' });
  }
  const { holdEndsIn, creditAfterSeconds } = store.settings;
  const credited: PaymentRecord[] = [];
  for (const payment of store.waitingPayments()) {
    if (payment.state === STATES.held) {
      const { expiresAt = Number.POSITIVE_INFINITY } = payment;
      if (expiresAt <= now) store.putPayment(released(payment, holdEndsIn, expiresAt));
    } else if (creditAfterSeconds !== null && payment.stateAt + creditAfterSeconds * 1_000 <= now) {
      const stateAt = payment.stateAt + creditAfterSeconds * 1_000;
      credited.push({ ...payment, state: STATES.paid, stateAt });
    }
  }
  for (const payment of credited) store.putPayment(payment);
  return credited;
}
