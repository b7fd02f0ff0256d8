import { DAY_SECONDS } from '../calendar.ts';
import { parseMinor } from '../money.ts';
import { exponentOf } from './currencies.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import type { PaymentRecord } from './records.ts';
import { openRefund } from './refunds.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;
const CAPTURE_DELAY_MS = 30_000;

/** Stores the ready payments with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const payment = recordOf(store, demo, now);
    store.putPayment(payment);
    const { consoleRefund } = demo;
    if (consoleRefund === undefined) continue;
    const amountMinor = minorOf(consoleRefund.value, payment.currency);
    const made = { id: consoleRefund.id, amountMinor, reference: null, forced: undefined };
    openRefund(store, payment, { ...made, origin: 'console' }, now - consoleRefund.ageDays * DAY_MS);
  }
}

function recordOf(store: Store, demo: DemoPayment, now: number): PaymentRecord {
  const { reference: id, connector, account, status, amount, ageDays } = demo;
  const at = now - ageDays * DAY_MS;
  const amountMinor = minorOf(amount.value, amount.currency);
  const captured = status === 'captured';
  return {
    id,
    seq: store.nextSeq(),
    at,
    connector,
    account,
    status,
    currency: amount.currency,
    amountMinor,
    capturedMinor: captured ? amountMinor : 0n,
    ...(captured && { capturedAt: at + CAPTURE_DELAY_MS }),
  };
}

function minorOf(value: string, currency: string): bigint {
  const minor = parseMinor(value, exponentOf(currency));
  if (minor === undefined) throw new Error(`demo amount ${value}`);
  return minor;
}
