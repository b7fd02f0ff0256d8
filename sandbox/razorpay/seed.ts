import { DAY_SECONDS } from '../calendar.ts';
import { parseMinor } from '../money.ts';
import { findAccount } from './accounts.ts';
import { createConsoleRefund } from './create-refund.ts';
import { exponentOf } from './currencies.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;
const CAPTURE_DELAY_MS = 30_000;

/** Stores the ready payments with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const record = recordOf(store, demo, now);
    store.putPayment(record);
    const { consoleRefund } = demo;
    if (consoleRefund === undefined) continue;
    const amountMinor = minorOf(consoleRefund.value, record.currency);
    createConsoleRefund(store, record, amountMinor, now - consoleRefund.ageDays * DAY_MS, consoleRefund.id);
  }
}

function recordOf(store: Store, demo: DemoPayment, now: number): PaymentRecord {
  const at = now - demo.ageDays * DAY_MS;
  const account = findAccount(demo.account);
  if (account === undefined) throw new Error(`demo payment ${demo.reference} names an unknown account`);
  return {
    id: demo.reference,
    seq: store.nextSeq(),
    scope: account.accountId,
    status: demo.status,
    currency: demo.amount.currency,
    amountMinor: minorOf(demo.amount.value, demo.amount.currency),
    method: demo.method,
    orderId: demo.reference.replace('pay_', 'order_'),
    at,
    ...(demo.status === 'captured' && { capturedAt: at + CAPTURE_DELAY_MS }),
    ...(demo.traceAfterDays !== undefined && { traceAfterSeconds: demo.traceAfterDays * DAY_SECONDS }),
  };
}

function minorOf(value: string, currency: string): bigint {
  const minor = parseMinor(value, exponentOf(currency));
  if (minor === undefined) throw new Error(`demo amount ${value}`);
  return minor;
}
