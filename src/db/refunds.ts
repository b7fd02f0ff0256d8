import { sql, type Insertable, type Kysely } from 'kysely';
import type { ApiKeyId, ItemId, LegId, OperationId, RefundId, SourceId } from '../ids.ts';
import type {
  FiscalReceipt,
  LegStatus,
  RefundOrigin,
  RefundReason,
  RefundSpeed,
  RefundStatus,
} from '../vocabulary.ts';
import type { EventInput } from './events.ts';
import type { Payment } from './payments.ts';
import type { Database, LegAttemptTable, RefundLegTable } from './tables.ts';

/** The share of one source in a leg, in minor units. */
export interface LegShare {
  readonly sourceId: SourceId;
  readonly amountMinor: bigint;
  readonly platformFeeMinor: bigint | null;
}

/** What a leg takes of a line of the cart: hundredths of its unit, and minor units. */
export interface LegItemShare {
  readonly itemId: ItemId;
  readonly quantityHundredths: bigint;
  readonly amountMinor: bigint;
}

/** How much of a leg counts as reserved or refunded from the start, as 0 or 1. */
export interface LegCounts {
  readonly reserved: 0 | 1;
  readonly refunded: 0 | 1;
}

export type NewLegColumns = Pick<
  Insertable<RefundLegTable>,
  'provider_refund_id' | 'raw_status' | 'failure' | 'trace_references'
> &
  // Absent: now, since nobody was asked about it yet.
  Partial<Pick<Insertable<RefundLegTable>, 'as_of'>>;

export type NewAttempt = Pick<
  Insertable<LegAttemptTable>,
  'provider_key' | 'wire_version' | 'method' | 'path' | 'headers' | 'body'
>;

export interface NewLeg {
  readonly legId: LegId;
  readonly name: string;
  readonly status: LegStatus;
  readonly amountMinor: bigint;
  readonly returnedMinor: bigint;
  readonly shares: readonly LegShare[];
  /** Empty where its lines are not known, or the payment has none. */
  readonly items: readonly LegItemShare[];
  readonly counts: LegCounts;
  readonly columns: NewLegColumns;
  /** The stored bytes; null for a refund that was made elsewhere. */
  readonly attempt: NewAttempt | null;
  /** A lease from now for a leg that is born SENDING. */
  readonly leaseMs: number | null;
  readonly nextLookInMs: number | null;
}

export interface NewRefund {
  readonly payment: Payment;
  readonly refundId: RefundId;
  readonly origin: RefundOrigin;
  readonly status: RefundStatus;
  readonly isFinal: boolean;
  readonly amountMinor: bigint;
  readonly reference: string | null;
  readonly reason: RefundReason;
  readonly note: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly receipt: FiscalReceipt | null;
  readonly speed: RefundSpeed | null;
  /** The failed refund whose place it takes. */
  readonly replaces: RefundId | null;
  readonly createdBy: ApiKeyId | null;
  readonly legs: readonly NewLeg[];
  readonly idempotency: {
    readonly key: string;
    readonly hashVersion: number;
    readonly hash: Buffer;
    /** The operation that has the key already, and that this refund goes on from. */
    readonly continues: OperationId | null;
  } | null;
  /** True for a provider's fact, which is recorded even when it breaks the sum; else the CHECK refuses. */
  readonly isFact: boolean;
  readonly event: EventInput;
}

/**
 * Lets a refund take the place of another one, unless it has that of a third, or the other has a successor
 * (refunds_replaced_once). Needs the payment's lock, under which all of them are decided.
 */
export async function noteReplaced(tx: Kysely<Database>, id: RefundId, replaced: RefundId): Promise<void> {
  await sql`
    UPDATE refunds SET replaces = ${replaced}
    WHERE id = ${id} AND replaces IS NULL AND id <> ${replaced}
      AND NOT EXISTS (SELECT 1 FROM refunds other WHERE other.replaces = ${replaced})`.execute(tx);
}
