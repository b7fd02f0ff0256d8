import type { Kysely } from 'kysely';
import type { ApiKeyId, LegId, MerchantId, PaymentId, RefundId } from '../ids.ts';
import type { AttentionReason, LegStatus, RefundStatus } from '../vocabulary.ts';
import type { EventSource } from './events.ts';
import type { Database } from './tables.ts';
import { fixedStatement, type ParameterTypes } from './fixed-statement.ts';

/** One move of one leg with all that follows from it, as figures; the rules behind them are `planMove`'s. */
export interface MoveInput {
  readonly merchantId: MerchantId;
  readonly paymentId: PaymentId;
  readonly refundId: RefundId;
  readonly legId: LegId;
  readonly from: LegStatus;
  readonly to: LegStatus;
  readonly isFinal: boolean;
  /** What the leg has returned now, in minor units. */
  readonly returnedMinor: bigint;
  /** Of the next three each is set only where its `sets…` says so. */
  readonly providerRefundId: string | null;
  readonly setsProviderRefundId: boolean;
  readonly rawStatus: string | null;
  readonly setsRawStatus: boolean;
  /** JSON. */
  readonly failure: string | null;
  readonly setsFailure: boolean;
  /** JSON; null: stays. */
  readonly traceReferences: string | null;
  /** Null: stays. It only moves forward. */
  readonly asOf: Date | null;
  /** Null: stays. */
  readonly attempt: number | null;
  /** From now; null: none. */
  readonly leaseSeconds: number | null;
  readonly nextLookSeconds: number | null;
  /** How the buckets of payment, shares and lines change: as a sign, and in minor units. */
  readonly reservedSign: number;
  readonly reservedMinor: bigint;
  readonly refundedSign: number;
  readonly refundedMinor: bigint;
  /** False where another amount than was asked for counts as refunded: then it is the share of the only source. */
  readonly countsAsOrdered: boolean;
  readonly returnedItemsSign: number;
  /** A fact is recorded even where it breaks the sum; else the CHECK refuses. */
  readonly isFact: boolean;
  /** What is nobody's at the provider may be explained now: somebody looks at once. */
  readonly isNamed: boolean;
  readonly refundStatus: RefundStatus;
  readonly isFinalRefund: boolean;
  readonly sumReturnedMinor: bigint;
  readonly needsReview: boolean;
  /** The reasons for attention that may stay. */
  readonly keptReasons: readonly AttentionReason[];
  readonly eventKind: string;
  readonly eventSource: EventSource;
  readonly actor: string;
  readonly apiKeyId: ApiKeyId | null;
  readonly requestId: string | null;
  /** JSON. */
  readonly eventEvidence: string;
}

export const moveTypes: ParameterTypes<MoveInput> = {
  merchantId: 'uuid',
  paymentId: 'uuid',
  refundId: 'uuid',
  legId: 'uuid',
  from: 'text',
  to: 'text',
  isFinal: 'boolean',
  returnedMinor: 'bigint',
  providerRefundId: 'text',
  setsProviderRefundId: 'boolean',
  rawStatus: 'text',
  setsRawStatus: 'boolean',
  failure: 'jsonb',
  setsFailure: 'boolean',
  traceReferences: 'jsonb',
  asOf: 'timestamptz',
  attempt: 'integer',
  leaseSeconds: 'float8',
  nextLookSeconds: 'float8',
  reservedSign: 'integer',
  reservedMinor: 'bigint',
  refundedSign: 'integer',
  refundedMinor: 'bigint',
  countsAsOrdered: 'boolean',
  returnedItemsSign: 'integer',
  isFact: 'boolean',
  isNamed: 'boolean',
  refundStatus: 'text',
  isFinalRefund: 'boolean',
  sumReturnedMinor: 'bigint',
  needsReview: 'boolean',
  keptReasons: 'text[]',
  eventKind: 'text',
  eventSource: 'text',
  actor: 'text',
  apiKeyId: 'uuid',
  requestId: 'text',
  eventEvidence: 'jsonb',
};

/** What was refunded of a share: as it was ordered, or, of the only one, whatever the provider returned. */
const refundedPart =
  'CASE WHEN :countsAsOrdered THEN :refundedSign * part.amount_minor ELSE :refundedMinor END';

/**
 * The parts of a statement that moves a leg: the leg, the sums of payment, sources and lines of the cart, the refund
 * (`parent`, its row as it is then) and the event. Primary keys. All of them happen, or, where `gate` is false, none.
 */
export const moveParts = (gate: string): string => `
  moved AS (
    UPDATE refund_legs SET
      status = :to,
      returned_minor = :returnedMinor,
      updated_at = app_now(),
      finalized_at = CASE WHEN :isFinal THEN COALESCE(finalized_at, app_now()) END,
      sent_at = CASE WHEN :to = 'SENDING' THEN app_now() ELSE sent_at END,
      provider_refund_id = CASE WHEN :setsProviderRefundId THEN :providerRefundId ELSE provider_refund_id END,
      raw_status = CASE WHEN :setsRawStatus THEN :rawStatus ELSE raw_status END,
      failure = CASE WHEN :setsFailure THEN :failure ELSE failure END,
      trace_references = COALESCE(:traceReferences, trace_references),
      as_of = GREATEST(as_of, :asOf),
      attempt = COALESCE(:attempt, attempt),
      lease_until = app_now() + make_interval(secs => :leaseSeconds),
      next_look_at = app_now() + make_interval(secs => :nextLookSeconds),
      look_failures = 0
    WHERE id = :legId AND status = :from AND ${gate}
  ), paid AS (
    UPDATE payments SET
      reserved_minor = reserved_minor + :reservedMinor,
      refunded_minor = refunded_minor + :refundedMinor,
      overcommitted = overcommitted
        OR :isFact AND refunded_minor + reserved_minor + :reservedMinor + :refundedMinor > captured_minor,
      next_look_at = CASE WHEN :isNamed AND unbound_minor > 0 THEN app_now() ELSE next_look_at END,
      version = version + 1,
      updated_at = app_now()
    WHERE id = :paymentId AND ${gate}
  ), shared AS (
    UPDATE payment_sources s SET
      reserved_minor = s.reserved_minor + :reservedSign * part.amount_minor,
      refunded_minor = s.refunded_minor + ${refundedPart},
      fee_reserved_minor = s.fee_reserved_minor + :reservedSign * COALESCE(part.platform_fee_minor, 0),
      fee_returned_minor = s.fee_returned_minor + :refundedSign * COALESCE(part.platform_fee_minor, 0),
      -- The mark of a source says that its sum is broken now: it goes with the move that mends the sum.
      overcommitted = (:isFact OR s.overcommitted) AND (
        s.refunded_minor + s.reserved_minor + :reservedSign * part.amount_minor + ${refundedPart} > s.captured_minor
        OR s.fee_returned_minor + s.fee_reserved_minor
          + (:reservedSign + :refundedSign) * COALESCE(part.platform_fee_minor, 0) > COALESCE(s.platform_fee_minor, 0))
    FROM leg_sources part
    WHERE s.id = part.source_id AND part.leg_id = :legId AND ${gate}
  ), lined AS (
    UPDATE payment_items line SET
      reserved_hundredths = line.reserved_hundredths + :reservedSign * part.quantity_hundredths,
      reserved_minor = line.reserved_minor + :reservedSign * part.amount_minor,
      returned_hundredths = line.returned_hundredths + :returnedItemsSign * part.quantity_hundredths,
      returned_minor = line.returned_minor + :returnedItemsSign * part.amount_minor,
      overcommitted = (:isFact OR line.overcommitted) AND (
        line.returned_hundredths + line.reserved_hundredths
          + (:reservedSign + :returnedItemsSign) * part.quantity_hundredths > line.sold_hundredths
        OR line.returned_minor + line.reserved_minor
          + (:reservedSign + :returnedItemsSign) * part.amount_minor > line.sold_minor)
    FROM refund_items part
    WHERE line.id = part.item_id AND part.leg_id = :legId AND ${gate}
  ), parent AS (
    UPDATE refunds SET
      status = :refundStatus,
      returned_minor = :sumReturnedMinor,
      attention = CASE WHEN :needsReview THEN 'MANUAL_REVIEW' WHEN attention = ANY(:keptReasons) THEN attention END,
      -- A reason that stays keeps its time.
      attention_since = CASE
        WHEN :needsReview AND attention IS DISTINCT FROM 'MANUAL_REVIEW' THEN app_now()
        WHEN :needsReview OR attention = ANY(:keptReasons) THEN attention_since END,
      version = version + 1,
      updated_at = app_now(),
      finalized_at = CASE WHEN :isFinalRefund THEN COALESCE(finalized_at, app_now()) END
    WHERE id = :refundId AND ${gate}
    RETURNING refunds.*
  ), told AS (
    INSERT INTO events (merchant_id, payment_id, refund_id, leg_id, kind, from_status, to_status, source, actor,
      api_key_id, request_id, evidence)
    SELECT :merchantId, :paymentId, :refundId, :legId, :eventKind, :from, :to, :eventSource, :actor,
      :apiKeyId, :requestId, :eventEvidence
    WHERE ${gate}
  )`;

const moveStatement = fixedStatement<MoveInput, never>(
  `WITH ${moveParts('true')} SELECT id FROM parent`,
  moveTypes,
);

/** Moves a leg with all that follows, in one statement. Needs the payment's lock. */
export async function updateLegMoved(tx: Kysely<Database>, move: MoveInput): Promise<void> {
  await moveStatement(tx, move);
}
