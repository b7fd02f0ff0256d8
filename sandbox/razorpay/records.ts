/** What the simulator stores. Instants are simulated milliseconds since 1970, amounts minor units of the currency. */
export interface PaymentRecord {
  id: string;
  seq: number;
  scope: string;
  /** `returned`: an authorized payment that went back because nobody captured it. "refunded" is derived from refunds. */
  status: 'created' | 'authorized' | 'captured' | 'failed' | 'returned';
  currency: string;
  amountMinor: bigint;
  method: string;
  orderId: string;
  at: number;
  capturedAt?: number | undefined;
  /** For refunds of this payment, instead of the setting of the same name. */
  traceAfterSeconds?: number | undefined;
}

export type RefundStatus = 'pending' | 'processed' | 'failed';

export interface RefundRecord {
  id: string;
  seq: number;
  scope: string;
  paymentId: string;
  status: RefundStatus;
  currency: string;
  amountMinor: bigint;
  at: number;
  notes: Record<string, string | number>;
  receipt: string | null;
  speedRequested: 'normal' | 'optimum';
  speedProcessed: 'normal' | 'instant';
  /** The number by which the bank finds this refund; undefined: there is none. */
  traceKind: TraceKind | undefined;
  /** The trace number and the instant from which it is known. */
  trace?: { value: string; at: number } | undefined;
  /** How a pending refund ends by itself, and when. */
  due?: { at: number; status: 'processed' | 'failed' } | undefined;
  /** `automatic`: the return of a payment that was never captured. */
  origin: 'api' | 'console' | 'automatic';
  providerKey: string | null;
}

export type TraceKind = 'arn' | 'rrn' | 'utr';
