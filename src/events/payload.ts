import { encodeGlobalId } from '../ids.ts';
import { formatDecimal, toCurrency } from '../money.ts';
import { isFinalRefund, moneyMovementOf } from '../refunds/derive.ts';
import { refundEventTypes, type LegStatus, type RefundOrigin, type RefundStatus } from '../vocabulary.ts';

/** A version of a refund as the database's trigger kept it. Amounts in minor units; instants as PostgreSQL writes them. */
export interface RefundSnapshot {
  readonly id: string;
  readonly version: number;
  readonly status: RefundStatus;
  readonly previousStatus: RefundStatus | null;
  readonly currency: string;
  readonly amountMinor: string;
  readonly returnedMinor: string;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly origin: RefundOrigin;
  readonly needsAttention: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finalizedAt: string | null;
  readonly legs: readonly {
    readonly status: LegStatus;
    readonly amountMinor: string;
    readonly returnedMinor: string;
  }[];
  readonly payment: {
    readonly id: string;
    readonly accountCode: string;
    readonly providerPaymentId: string;
  };
}

export interface Message {
  readonly type: string;
  readonly at: Date;
  readonly data: unknown;
}

/** The body of a message, as text: `type`, `timestamp` and `data`, in the words of the schema. */
export function renderBody({ type, at, data }: Message): string {
  const isRefund = refundEventTypes.some((known) => known === type);
  return JSON.stringify({
    type,
    timestamp: at.toISOString(),
    data: isRefund ? { refund: refundOf(data as RefundSnapshot) } : data,
  });
}

function refundOf(refund: RefundSnapshot) {
  const legs = refund.legs.map((leg) => ({
    status: leg.status,
    amount_minor: BigInt(leg.amountMinor),
    returned_minor: BigInt(leg.returnedMinor),
  }));
  const { payment } = refund;
  return {
    id: encodeGlobalId('Refund', refund.id),
    version: refund.version,
    status: refund.status,
    previousStatus: refund.previousStatus,
    isFinal: isFinalRefund(refund.status),
    moneyMovement: moneyMovementOf(refund, legs),
    amount: moneyOf(refund, refund.amountMinor),
    returned: moneyOf(refund, refund.returnedMinor),
    reference: refund.reference,
    metadata: refund.metadata,
    origin: refund.origin,
    needsAttention: refund.needsAttention,
    payment: {
      id: encodeGlobalId('Payment', payment.id),
      accountCode: payment.accountCode,
      providerPaymentId: payment.providerPaymentId,
    },
    createdAt: isoOf(refund.createdAt),
    updatedAt: isoOf(refund.updatedAt),
    finalizedAt: refund.finalizedAt === null ? null : isoOf(refund.finalizedAt),
  };
}

function moneyOf({ currency }: { readonly currency: string }, minorUnits: string) {
  const money = { minor: BigInt(minorUnits), currency: toCurrency(currency) };
  return { value: formatDecimal(money), currency: money.currency, minorUnits };
}

const isoOf = (instant: string): string => new Date(instant).toISOString();
