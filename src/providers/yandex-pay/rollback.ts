import type { RefundFacts } from '../provider.ts';
import { isRefund } from './refund-status.ts';
import type { WireOperation, WireOrder } from './wire.ts';

/** Operations after whose success money was taken (pay.yandex.ru/docs, "Operation", `operationType`). */
const takings: readonly string[] = ['CAPTURE', 'SUBMIT'];

/** What was taken, by the operations, in minor units; undefined where they show none that succeeded. */
export function takenMinor({ operations }: WireOrder): bigint | undefined {
  const amounts = operations
    .filter(({ operationType, status }) => takings.includes(operationType) && status === 'SUCCESS')
    .map(({ amountMinor }) => amountMinor);
  return amounts.reduce<bigint | undefined>(
    (most, amount) => (most === undefined || amount > most ? amount : most),
    undefined,
  );
}

export const sumOf = (operations: readonly WireOperation[]): bigint =>
  operations.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

export const refundsIn = ({ operations }: WireOrder, wanted: 'SUCCESS' | 'FAIL'): WireOperation[] =>
  operations.filter((operation) => isRefund(operation) && operation.status === wanted);

/** Refunds that have not ended, as far as their words tell. */
export const openRefunds = ({ operations }: WireOrder): WireOperation[] =>
  operations.filter((operation) => isRefund(operation) && !['SUCCESS', 'FAIL'].includes(operation.status));

/**
 * `FAILED` means "not paid" or, with money taken, "rolled back and refunded in full" (pay.yandex.ru/docs, "Rollback an
 * order"). One page of the documentation also gives it to an order whose refund has failed: then a refund failed, or
 * runs, and what the succeeded ones left is still there.
 */
export function isRolledBack(order: WireOrder): boolean {
  const taken = takenMinor(order);
  if (order.paymentStatus !== 'FAILED' || taken === undefined) return false;
  if (openRefunds(order).length > 0) return false;
  const left = taken - sumOf(refundsIn(order, 'SUCCESS'));
  // Where a refund failed, only that nothing is left tells a rollback: less may be left for one that is not shown yet.
  return left === 0n || refundsIn(order, 'FAIL').length === 0 || order.orderAmount === 0n;
}

/**
 * A rolled back order whose operations still do not show the refund after this long is taken to show it never (which of
 * the two holds is not published), in milliseconds. Before, it may just not be shown yet, and would be counted twice.
 */
const SHOWN_WITHIN_MS = 600_000;

/**
 * What a rollback returned, where the operations do not show it: the refund has no external id and cannot be fetched,
 * yet the buyer has the money, and the registers have it as a refund ("Rollback an order").
 */
export function hiddenRefund(order: WireOrder, now: Date): RefundFacts | undefined {
  const hiddenMinor = (takenMinor(order) ?? 0n) - sumOf(refundsIn(order, 'SUCCESS'));
  const at = order.updated ?? order.created;
  if (!isRolledBack(order) || hiddenMinor <= 0n) return undefined;
  if (now.getTime() - at.getTime() < SHOWN_WITHIN_MS) return undefined;
  return {
    // No id of an operation has a colon.
    providerRefundId: `rollback:${order.orderId}`,
    providerPaymentId: order.orderId,
    status: 'SUCCEEDED',
    rawStatus: 'FAILED',
    amount: { minor: hiddenMinor, currency: order.currencyCode },
    failure: null,
    ourReference: null,
    createdAt: at,
    traceReferences: [],
    sources: [],
    providerDetails: { made_by: 'rollback' },
  };
}
