import { parseMinor } from '../money.ts';
import { findShop } from './accounts.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import { METHODS } from './methods.ts';
import { EXPONENT, type PaymentRecord } from './records.ts';
import type { Store } from './store.ts';

const DAY_MS = 86_400_000;
const CAPTURE_DELAY_MS = 30_000;

/** Stores the ready payments with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const record = recordOf(store, demo, now);
    store.putPayment(record);
    const { consoleRefund } = demo;
    if (consoleRefund === undefined) continue;
    const amount = { minor: minorOf(consoleRefund.value), currency: demo.amount.currency };
    const at = now - consoleRefund.ageDays * DAY_MS;
    createConsoleRefund(store, record, { amount, hasRefundMethodData: false }, at, consoleRefund.id);
  }
}

function recordOf(store: Store, demo: DemoPayment, now: number): PaymentRecord {
  const at = now - demo.ageDays * DAY_MS;
  const shop = findShop(demo.account);
  if (shop === undefined) throw new Error(`demo payment ${demo.reference} names an unknown account`);
  const holdSeconds = METHODS.get(demo.method)?.holdSeconds ?? 0;
  return {
    id: demo.reference,
    seq: store.nextSeq(),
    shopId: shop.shopId,
    status: demo.status,
    currency: demo.amount.currency,
    amountMinor: minorOf(demo.amount.value),
    releasedMinor: 0n,
    method: demo.method,
    at,
    ...(demo.status === 'succeeded' && { capturedAt: at + CAPTURE_DELAY_MS }),
    ...(demo.status === 'waiting_for_capture' && { expiresAt: at + holdSeconds * 1_000 }),
    ...(demo.status === 'canceled' && {
      cancellation: { party: 'yoo_money', reason: 'expired_on_confirmation' },
    }),
    transfers: (demo.sources ?? []).map(({ account, value, fee }) => ({
      accountId: account,
      amountMinor: minorOf(value),
      feeMinor: minorOf(fee),
    })),
  };
}

function minorOf(value: string): bigint {
  const minor = parseMinor(value, EXPONENT);
  if (minor === undefined) throw new Error(`demo amount ${value}`);
  return minor;
}
