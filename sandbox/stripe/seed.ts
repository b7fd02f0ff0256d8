import { DAY_SECONDS } from '../calendar.ts';
import { findAccount } from './accounts.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import { stripeMinor } from './new-payment.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;

/** Stores the ready payments with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const record = recordOf(store, demo, now);
    store.putPayment(record);
    const { consoleRefund } = demo;
    if (consoleRefund === undefined) continue;
    const { id, value, ageDays } = consoleRefund;
    const refunded = stripeMinor({ value, currency: record.currency }, record.currency, 'value');
    createConsoleRefund(store, record, refunded, now - ageDays * DAY_MS, id);
  }
}

function recordOf(store: Store, demo: DemoPayment, now: number): PaymentRecord {
  const account = findAccount(demo.account);
  if (account === undefined) throw new Error(`demo payment ${demo.reference} names an unknown account`);
  const { amount, status, declined, disputed } = demo;
  const at = now - demo.ageDays * DAY_MS;
  const amountMinor = stripeMinor(amount, amount.currency, 'amount');
  return {
    id: demo.reference,
    seq: store.nextSeq(),
    scope: account.accountId,
    status,
    currency: amount.currency,
    amountMinor,
    capturedMinor: status === 'succeeded' ? amountMinor : 0n,
    releasedMinor: 0n,
    captureMethod: status === 'requires_capture' ? 'manual' : 'automatic',
    at,
    ...(status === 'succeeded' && { capturedAt: at }),
    declined,
    disputed,
    metadata: {},
  };
}
