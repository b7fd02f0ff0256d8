import { derivedDigits } from '../derived-digits.ts';
import { getMerchant } from './accounts.ts';
import { wireAmount, wireCount } from './amounts.ts';
import { cartTotal, type Line, lineTotal } from './cart.ts';
import type { OperationRecord, OrderRecord } from './records.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';

export type Json = Record<string, unknown>;

const MOSCOW_MS = 3 * 3_600_000;
const METHODS: Record<string, Json> = {
  card: { methodType: 'CARD', cardLast4: '4242', cardNetwork: 'MIR' },
  split: { methodType: 'SPLIT', cardLast4: '4242', cardNetwork: 'MIR' },
  sbp: { methodType: 'SBP', cardLast4: null, cardNetwork: null },
};

/** `data` of `GET /v1/orders/{id}`: the order and everything that was done to it. */
export function orderData(store: Store, order: OrderRecord, operations: OperationRecord[]): Json {
  return {
    order: orderView(store, order),
    operations: operations.map((operation) => operationView(operation)),
    delivery: null,
  };
}

/** The operation object (docs operation/merchant_v1_operations-get). Keys of `params` are in snake case. */
export function operationView(operation: OperationRecord): Json {
  const instant = instantOf(operation);
  return {
    operationId: operation.id,
    operationType: operation.type,
    orderId: operation.paymentId,
    amount: wireAmount(operation.amountMinor),
    ...(operation.type === 'REFUND' && { pointsAmount: null }),
    status: operation.status,
    reason: operation.reason,
    params: operation.params,
    externalOperationId: operation.externalId,
    ...(operation.type === 'CAPTURE' && { approvalCode: derivedDigits(operation.id, 6) }),
    created: instant(operation.at),
    updated: instant(operation.updatedAt),
  };
}

/** `paymentStatus` as the API shows it: pages of the docs differ on unpaid orders and on failed refunds. */
export function shownStatus(order: OrderRecord, settings: Settings): string | null {
  if (order.status === 'PENDING' && settings.unpaidStatus === 'null') return null;
  return order.refundFailed && settings.failedRefund === 'order-failed' ? 'FAILED' : order.status;
}

/** An instant with microseconds, in Moscow time or in UTC: both occur. */
export function instantOf({ merchantId }: { merchantId: string }): (at: number) => string {
  const inMoscow = getMerchant(merchantId).edition === 'russia';
  return (at) =>
    inMoscow
      ? new Date(at + MOSCOW_MS).toISOString().replace('Z', '000+03:00')
      : new Date(at).toISOString().replace('Z', '000Z');
}

function orderView(store: Store, order: OrderRecord): Json {
  const { settings } = store;
  const lines = shownLines(store, order);
  const instant = instantOf(order);
  const amount = wireAmount(cartTotal(lines));
  return {
    orderId: order.id,
    merchantId: order.merchantId,
    currencyCode: order.currency,
    orderAmount: amount,
    paymentStatus: shownStatus(order, settings),
    paymentMethod: METHODS[order.method],
    isPrepayment: false,
    metadata: null,
    paymentUrl: `https://pay.example/l/${derivedDigits(order.id, 8)}`,
    reason: null,
    reasonCode: null,
    created: instant(order.at),
    updated: instant(order.updatedAt),
    cart: {
      cartId: `c-${derivedDigits(order.id, 10)}`,
      externalId: `basket-${order.id}`,
      coupons: [],
      discounts: [],
      items: lines.map((line) => lineView(line, settings)),
      total: { amount },
    },
  };
}

function shownLines(store: Store, order: OrderRecord): Line[] {
  const running = store.settings.amountShrinks === 'creation' ? store.findPending(order.id) : undefined;
  return running?.type === 'REFUND' ? running.lines : order.lines;
}

function lineView(line: Line, { priceCut }: Settings): Json {
  const now = wireAmount(line.unitMinor);
  const total = wireAmount(lineTotal(line));
  const shown =
    priceCut === 'rewritten' ? { unit: now, subtotal: total } : asOrdered(line, line.orderedUnitMinor);
  return {
    productId: line.productId,
    title: line.title,
    quantity: { count: wireCount(line.countHundredths) },
    unitPrice: shown.unit,
    discountedUnitPrice: now,
    finalPrice: now,
    subtotal: shown.subtotal,
    total,
  };
}

// A subtotal of former prices may have a fraction of a kopeck when units went back since: it is cut off.
function asOrdered({ countHundredths }: Line, unitMinor: bigint): { unit: string; subtotal: string } {
  return { unit: wireAmount(unitMinor), subtotal: wireAmount((countHundredths * unitMinor) / 100n) };
}
