import type { ItemFacts, Look, PaymentFacts, PaymentSight, PaymentState, RefundFacts } from '../provider.ts';
import { totalOf, UNIT } from './lines.ts';
import { readOrder, type Access } from './read.ts';
import { isRefund, refundFacts } from './refund-status.ts';
import { hiddenRefund, isRolledBack, openRefunds, refundsIn, sumOf, takenMinor } from './rollback.ts';
import type { WireItem, WireOrder } from './wire.ts';

/** The order with all its refunds, in one call. An answer that cannot be read completely is `unavailable`. */
export async function readPayment(access: Access, providerPaymentId: string): Promise<Look<PaymentSight>> {
  const look = await readOrder(access, providerPaymentId);
  return look.kind === 'found' ? { kind: 'found', value: sightOf(look.value, access.clock.now()) } : look;
}

export function sightOf(order: WireOrder, now: Date): PaymentSight {
  return { payment: paymentFacts(order), refunds: refundsOf(order, now) };
}

/** Newest first. */
export function refundsOf(order: WireOrder, now: Date): RefundFacts[] {
  const shown = order.operations
    .filter(isRefund)
    .map((operation) => refundFacts(operation, order.currencyCode));
  const hidden = hiddenRefund(order, now);
  return (hidden === undefined ? shown : [...shown, hidden]).toSorted(
    (left, right) => right.createdAt.getTime() - left.createdAt.getTime(),
  );
}

/** pay.yandex.ru/docs, "Payment statuses". CONFIRMED: paid on delivery, nothing is taken before that. */
const states: ReadonlyMap<string, PaymentState> = new Map([
  ['PENDING', 'PENDING'],
  ['CONFIRMED', 'PENDING'],
  ['AUTHORIZED', 'AUTHORIZED'],
  ['CAPTURED', 'CAPTURED'],
  ['PARTIALLY_REFUNDED', 'CAPTURED'],
  ['REFUNDED', 'CAPTURED'],
  ['VOIDED', 'CANCELED'],
]);

function stateOf(order: WireOrder): PaymentState {
  const { paymentStatus } = order;
  if (paymentStatus === 'FAILED') return takenMinor(order) === undefined ? 'FAILED' : 'CAPTURED';
  // A word that is not known is PENDING, the state in which nothing can be refunded; rawStatus keeps the word.
  return states.get(paymentStatus ?? 'PENDING') ?? 'PENDING';
}

export function paymentFacts(order: WireOrder): PaymentFacts {
  const state = stateOf(order);
  const isCaptured = state === 'CAPTURED';
  const capturedMinor = isCaptured ? capturedOf(order) : 0n;
  const capture = order.operations.find(
    ({ operationType, status }) => operationType === 'CAPTURE' && status === 'SUCCESS',
  );
  return {
    providerPaymentId: order.orderId,
    handles: {},
    // The order's id is the merchant's own.
    orderReference: order.orderId,
    state,
    rawStatus: order.paymentStatus ?? 'null',
    amount: { minor: isCaptured ? capturedMinor : order.orderAmount, currency: order.currencyCode },
    capturedMinor,
    refundedMinor: isCaptured ? refundedOf(order, capturedMinor) : 0n,
    refundableByProvider: isCaptured && !isRolledBack(order),
    wholeOnly: false,
    method: order.paymentMethod?.methodType ?? null,
    createdAt: order.created,
    capturedAt: isCaptured ? (capture?.updated ?? capture?.created ?? null) : null,
    // How long a hold lasts is not published, and neither is how old an order may be.
    holdExpiresAt: null,
    refundWindowClosesAt: null,
    sources: [],
    items: itemsOf(order),
  };
}

/**
 * What was taken. `orderAmount` shrinks with refunds, at which moment is not published: it serves only where no operation
 * tells what was taken.
 */
const capturedOf = (order: WireOrder): bigint =>
  takenMinor(order) ?? order.orderAmount + sumOf(refundsIn(order, 'SUCCESS'));

/**
 * The refunds that succeeded. Where less is left than they and those that run explain, one of the two figures lags
 * behind, and the larger sum is the safe one.
 */
function refundedOf(order: WireOrder, capturedMinor: bigint): bigint {
  if (isRolledBack(order)) return capturedMinor;
  const succeeded = sumOf(refundsIn(order, 'SUCCESS'));
  const open = sumOf(openRefunds(order));
  const gone = capturedMinor - order.orderAmount;
  return gone > succeeded + open ? gone : succeeded;
}

/**
 * What is left of each line of the cart. None where that cannot be read exactly, or where the lines are not worth what is
 * left of the order, as with a delivery or a certificate beside them: then only the whole order can be refunded.
 */
function itemsOf(order: WireOrder): readonly ItemFacts[] {
  const wire = order.cart?.items ?? [];
  const lines = wire.flatMap((item): ItemFacts[] => {
    const leftMinor = valueOf(item);
    if (leftMinor === undefined) return [];
    const { productId, title = productId, quantity } = item;
    return [{ item: productId, title, leftHundredths: quantity.count, leftMinor }];
  });
  const isExact =
    lines.length === wire.length && new Set(lines.map(({ item }) => item)).size === lines.length;
  return isExact && !isRolledBack(order) && totalOf(lines) === order.orderAmount ? lines : [];
}

/** The total, else the price that counts now, times the quantity; whether a price cut rewrites prices is not published. */
function valueOf({
  total,
  finalPrice,
  discountedUnitPrice,
  unitPrice,
  quantity,
}: WireItem): bigint | undefined {
  if (total !== undefined) return total;
  const price = finalPrice ?? discountedUnitPrice ?? unitPrice;
  if (price === undefined || (price * quantity.count) % UNIT !== 0n) return undefined;
  return (price * quantity.count) / UNIT;
}
