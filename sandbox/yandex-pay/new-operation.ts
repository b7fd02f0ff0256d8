import { randomUUID } from 'node:crypto';
import type { OperationRecord, OperationType, OrderRecord } from './records.ts';
import type { Store } from './store.ts';

/** How and when an operation ends: at an instant by itself, or (null) when somebody settles it. */
export type Due = OperationRecord['due'];

/** A pending operation on an order; the caller says what it is about. */
export function blankOperation(
  store: Store,
  order: OrderRecord,
  type: OperationType,
  now: number,
): OperationRecord {
  return {
    id: randomUUID(),
    seq: store.nextSeq(),
    paymentId: order.id,
    merchantId: order.merchantId,
    type,
    status: 'PENDING',
    amountMinor: 0n,
    lines: order.lines,
    externalId: null,
    asked: null,
    params: {},
    reason: null,
    due: null,
    origin: 'api',
    at: now,
    updatedAt: now,
  };
}

/** The end of an operation that succeeds by itself. */
export function dueSuccess({ settings }: Store, now: number): Due {
  return { at: now + settings.settleAfterSeconds * 1_000, status: 'SUCCESS', reason: null };
}
