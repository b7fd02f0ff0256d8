import type { Line } from './cart.ts';

/** The status words of an order (docs payments/statuses). A failed refund changes none of them here. */
export type OrderStatus =
  | 'PENDING'
  | 'AUTHORIZED'
  | 'CONFIRMED'
  | 'CAPTURED'
  | 'PARTIALLY_REFUNDED'
  | 'REFUNDED'
  | 'VOIDED'
  | 'FAILED';

/** What the simulator stores. Instants are simulated milliseconds since 1970, amounts minor units of the currency. */
export interface OrderRecord {
  /** The merchant's own order id. */
  id: string;
  seq: number;
  merchantId: string;
  status: OrderStatus;
  currency: string;
  orderedMinor: bigint;
  capturedMinor: bigint;
  /** Held money that went back without a refund. */
  releasedMinor: bigint;
  /** The cart now: what is paid for, or will be. */
  lines: Line[];
  method: string;
  /** Whether the last refund failed, which one page of the docs shows as FAILED. */
  refundFailed: boolean;
  at: number;
  updatedAt: number;
}

export type OperationType = 'AUTHORIZE' | 'CAPTURE' | 'REFUND' | 'SUBMIT' | 'VOID';
export type OperationStatus = 'PENDING' | 'SUCCESS' | 'FAIL';

/** Something that was done to an order, a refund among other things. */
export interface OperationRecord {
  id: string;
  seq: number;
  /** The order. */
  paymentId: string;
  merchantId: string;
  type: OperationType;
  status: OperationStatus;
  amountMinor: bigint;
  /** The cart when it has succeeded. */
  lines: Line[];
  externalId: string | null;
  /** Digest of what was asked, for repetitions with the same external id. */
  asked: string | null;
  params: Record<string, string | null>;
  reason: string | null;
  /** How a pending operation ends by itself, and when. */
  due: { at: number; status: 'SUCCESS' | 'FAIL'; reason: string | null } | null;
  origin: 'api' | 'console' | 'rollback';
  at: number;
  updatedAt: number;
}
