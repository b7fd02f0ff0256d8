import type { Money } from './money.ts';

/** The words of DESIGN section 3. Growing lists: clients rely on `isFinal` and `moneyMovement`. */
export const refundStatuses = [
  'AWAITING_APPROVAL',
  'QUEUED',
  'PENDING',
  'UNKNOWN',
  'MANUAL_REVIEW',
  'SUCCEEDED',
  'PARTIALLY_SUCCEEDED',
  'FAILED',
  'CANCELED',
  'REVERSED',
] as const;
export type RefundStatus = (typeof refundStatuses)[number];

/** `SENDING` is ours alone: publicly it is `PENDING`. */
export const legStatuses = [
  'QUEUED',
  'SENDING',
  'PENDING',
  'UNKNOWN',
  'MANUAL_REVIEW',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'REVERSED',
] as const;
export type LegStatus = (typeof legStatuses)[number];

export const operationStatuses = ['SENDING', 'UNKNOWN', 'SUCCEEDED', 'FAILED'] as const;
export type OperationStatus = (typeof operationStatuses)[number];

export const refundOrigins = ['API', 'CONSOLE', 'BULK', 'EXTERNAL'] as const;
export type RefundOrigin = (typeof refundOrigins)[number];

export const refundReasons = [
  'REQUESTED_BY_CUSTOMER',
  'RETURNED_GOODS',
  'SERVICE_NOT_PROVIDED',
  'DUPLICATE',
  'FRAUDULENT',
  'PRICE_CORRECTION',
  'GOODWILL',
  'OTHER',
] as const;
export type RefundReason = (typeof refundReasons)[number];

/** Closed set (DESIGN section 4): where the money of a refund is. */
export const moneyMovements = [
  'NOT_STARTED',
  'IN_FLIGHT',
  'UNCLEAR',
  'RETURNED',
  'PARTLY_RETURNED',
  'NOT_RETURNED',
] as const;
export type MoneyMovement = (typeof moneyMovements)[number];

/** Why a person should look at a refund. */
export const attentionReasons = [
  'MANUAL_REVIEW',
  'UNKNOWN_TOO_LONG',
  'PENDING_TOO_LONG',
  'QUEUED_TOO_LONG',
  'ACCOUNT_PAUSED',
] as const;
export type AttentionReason = (typeof attentionReasons)[number];

/** What an endpoint of a merchant can be sent: made, ended (or ended otherwise), changed in any other way. */
export const refundEventTypes = ['refund.created', 'refund.finalized', 'refund.updated'] as const;
export type RefundEventType = (typeof refundEventTypes)[number];

/** What an endpoint of the operator can be sent. */
export const operatorEventTypes = ['alert.raised'] as const;
export type OperatorEventType = (typeof operatorEventTypes)[number];

export const paymentStatuses = [
  'PENDING',
  'AUTHORIZED',
  'CAPTURED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
  'CANCELED',
  'FAILED',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/** The name of a provider in the configuration and the database; the registry has those that there are. */
export type ProviderCode = string;

/** What a provider says a payment is; refunds are counted by us and never change it. */
export type PaymentState = 'PENDING' | 'AUTHORIZED' | 'CAPTURED' | 'CANCELED' | 'FAILED';

export interface TraceReference {
  readonly kind: 'ARN' | 'RRN' | 'UTR' | 'OTHER';
  readonly value: string;
}

/** Who bears the platform's commission on a refunded amount: PLATFORM gives its share back. */
export const feeBearers = ['SELLER', 'PLATFORM'] as const;
export type FeeBearer = (typeof feeBearers)[number];

/** `OPTIMUM` asks for an instant refund where the provider can. */
export const refundSpeeds = ['NORMAL', 'OPTIMUM'] as const;
export type RefundSpeed = (typeof refundSpeeds)[number];

export interface ReceiptItem {
  readonly description: string;
  /** Decimal with at most three digits after the point, above zero. */
  readonly quantity: string;
  readonly unitPrice: Money;
  /** The number of the tax rate, for a provider that counts rates. */
  readonly vatCode: number | null;
  /** The tax rate in the word of the provider, for one that has words; absent in receipts of before. */
  readonly tax?: string | null;
  readonly paymentMode: string | null;
  readonly paymentSubject: string | null;
  readonly measure: string | null;
}

/** Fiscal data for the receipt of a refund (Russian law 54-FZ). */
export interface FiscalReceipt {
  readonly customer: {
    readonly fullName: string | null;
    readonly inn: string | null;
    readonly email: string | null;
    readonly phone: string | null;
  };
  readonly items: readonly ReceiptItem[];
  readonly taxSystemCode: number | null;
}

/** Safe facts about an answer, kept with the attempt. No bodies, no secrets. */
export type Evidence = Readonly<Record<string, string | number | boolean | null>>;
