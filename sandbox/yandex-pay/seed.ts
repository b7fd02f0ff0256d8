import { DAY_SECONDS } from '../calendar.ts';
import { findMerchant } from './accounts.ts';
import { parseDecimal, wireAmount } from './amounts.ts';
import { createConsoleRefund } from './create-refund.ts';
import { DEMO_PAYMENTS, type DemoPayment } from './demo-payments.ts';
import { endOperation } from './end-operation.ts';
import { blankOperation } from './new-operation.ts';
import { currencyOf, newPayment } from './new-payment.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Store } from './store.ts';

const DAY_MS = DAY_SECONDS * 1_000;
const SUCCESS = { status: 'SUCCESS', reason: null } as const;

/** Stores the ready orders with ages that count from `now`. */
export function seedDemoPayments(store: Store, now: number): void {
  for (const demo of DEMO_PAYMENTS) {
    const order = orderOf(store, demo, now);
    putNewOrder(store, order);
    const { consoleRefund } = demo;
    if (consoleRefund === undefined) continue;
    const at = now - consoleRefund.ageDays * DAY_MS;
    const refund = createConsoleRefund(store, order, minorOf(consoleRefund.value), at, consoleRefund.id);
    endOperation(store, refund, SUCCESS, at);
  }
}

/** Stores a new order with what its payment has done: a capture, or an authorization. */
export function putNewOrder(store: Store, order: OrderRecord): OperationRecord | undefined {
  store.putPayment(order);
  if (order.status === 'PENDING') return undefined;
  const isPaid = order.status === 'CAPTURED';
  const operation: OperationRecord = {
    ...blankOperation(store, order, isPaid ? 'CAPTURE' : 'AUTHORIZE', order.updatedAt),
    status: 'SUCCESS',
    amountMinor: isPaid ? order.capturedMinor : order.orderedMinor,
  };
  store.putRefund(operation);
  return operation;
}

function orderOf(store: Store, demo: DemoPayment, now: number): OrderRecord {
  const merchant = findMerchant(demo.account);
  if (merchant === undefined) throw new Error(`demo order ${demo.reference} names an unknown account`);
  const currency = currencyOf(merchant, store.settings);
  const totalMinor = demo.items.reduce(
    (sum, { quantity, unitPrice }) => sum + (minorOf(quantity) * minorOf(unitPrice)) / 100n,
    0n,
  );
  const { reference, account, status, method } = demo;
  const createdAt = new Date(now - demo.ageDays * DAY_MS);
  const amount = { value: wireAmount(totalMinor), currency };
  const items = demo.items.map((item) => ({ ...item, unitPrice: { value: item.unitPrice, currency } }));
  return newPayment(store, { reference, account, status, method, createdAt, amount, items }, now);
}

function minorOf(value: string): bigint {
  const minor = parseDecimal(value);
  if (minor === undefined) throw new Error(`demo amount ${value}`);
  return minor;
}
