import { sql, type Kysely } from 'kysely';
import type { Cause } from '../context.ts';
import { appNow, fromAppNow } from '../db/sql-time.ts';
import { eventRow, type EventSource } from '../db/events.ts';
import type { Leg } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import type { Evidence, LegStatus, TraceReference } from '../vocabulary.ts';
import { deriveRefundStatus, isFinalRefund } from './derive.ts';
import { attentionAfter } from './keep-attention.ts';
import {
  bucketOf,
  findTransition,
  isFinalLeg,
  type Transition,
  type TransitionCause,
} from './transitions.ts';

/** What else changes on a leg when it moves. Absent: stays as it is. */
export interface LegPatch {
  /** Null when a new attempt begins: what an earlier one made there is not this one's. */
  readonly providerRefundId?: string | null;
  readonly rawStatus?: string | null;
  readonly failure?: Failure | null;
  readonly traceReferences?: readonly TraceReference[];
  readonly asOf?: Date;
  readonly attempt?: number;
  /** Milliseconds from now; null: never. Absent: when the lease ends, at once without one, never when it is final. */
  readonly nextLookInMs?: number | null;
  /** A lease from now, in milliseconds; null ends it. */
  readonly leaseMs?: number | null;
}

export interface Move {
  readonly to: LegStatus;
  readonly cause: TransitionCause;
  readonly source: EventSource;
  readonly by: Cause;
  readonly patch?: LegPatch;
  readonly evidence?: Evidence;
  /**
   * What was returned, in minor units, where the leg has succeeded and its provider returned another amount than
   * was asked for; only of a leg with one share, whose commission counts as it was ordered. Of no line of the cart
   * anything is counted then. Absent: the leg's amount.
   */
  readonly returnedMinor?: bigint;
}

export class ImpossibleTransition extends Error {
  constructor(leg: Leg, move: Move) {
    super(`leg ${leg.id} cannot move from ${leg.status} to ${move.to} by ${move.cause}`);
    this.name = 'ImpossibleTransition';
  }
}

/**
 * Moves one leg along the table and, in one statement, everything that follows from it: the sums of payment,
 * sources and lines of the cart, the status of the refund, and the event (I5, I6). The caller holds the payment's lock in `tx`
 * and has read `legs` (all legs of the refund) under it.
 *
 * A provider's fact, or what a person found at the provider, that breaks the sum is recorded and marks the payment
 * `overcommitted`; a caller's wish that would break it violates the CHECK. A leg that leaves SUCCEEDED takes back what
 * was counted.
 *
 * @returns the legs as they are now
 * @throws ImpossibleTransition when the table does not have the move
 */
export async function moveLeg(
  tx: Kysely<Database>,
  payment: Payment,
  legs: readonly Leg[],
  leg: Leg,
  move: Move,
): Promise<Leg[]> {
  const transition = findTransition(leg.status, move.cause, move.to);
  if (transition === undefined) throw new ImpossibleTransition(leg, move);
  const patch = move.patch ?? {};
  const moved: Leg = {
    ...leg,
    status: move.to,
    sent_at: move.to === 'SENDING' ? new Date() : leg.sent_at,
    returned_minor: move.to === 'SUCCEEDED' ? (move.returnedMinor ?? leg.amount_minor) : 0n,
  };
  const after = legs.map((other) => (other.id === leg.id ? { ...other, ...moved } : other));
  const refundStatus = deriveRefundStatus(after.map(({ status, sent_at }) => ({ status, sentAt: sent_at })));
  const isFact = ['evidence', 'answer', 'verdict'].includes(move.cause);
  const reserved = delta(leg, moved, 'reserved');
  const refunded = delta(leg, moved, 'refunded');
  // The share of the only source is what was returned, whatever was asked for.
  const refundedPart =
    refunded.minor === BigInt(refunded.sign) * leg.amount_minor
      ? sql<bigint>`${refunded.sign} * part.amount_minor`
      : sql<bigint>`${refunded.minor}::bigint`;
  const returnedItems = Number(tellsItems(moved)) - Number(tellsItems(leg));
  const attention = attentionAfter(after.map(({ status }) => status));

  // Nobody but its sender looks at a leg that is being sent, until its lease is over (I7).
  const otherwiseMs = isFinalLeg(move.to) ? null : (patch.leaseMs ?? 0);
  const nextLookInMs = patch.nextLookInMs === undefined ? otherwiseMs : patch.nextLookInMs;

  const overcommitted = isFact
    ? sql<boolean>`overcommitted OR refunded_minor + reserved_minor + ${reserved.minor + refunded.minor} > captured_minor`
    : sql<boolean>`overcommitted`;

  // What was refunded at the provider and is nobody's yet may be explained now: somebody looks at once.
  const isNamed = leg.provider_refund_id === null && namingStatuses.includes(move.to);

  await tx
    .with('moved', (cte) =>
      cte
        .updateTable('refund_legs')
        .set({
          status: move.to,
          returned_minor: moved.returned_minor,
          updated_at: appNow,
          finalized_at: isFinalLeg(move.to) ? sql<Date>`COALESCE(finalized_at, app_now())` : null,
          ...(move.to === 'SENDING' ? { sent_at: appNow } : {}),
          ...(patch.providerRefundId === undefined ? {} : { provider_refund_id: patch.providerRefundId }),
          ...(patch.rawStatus === undefined ? {} : { raw_status: patch.rawStatus }),
          ...(patch.failure === undefined ? {} : { failure: patch.failure && JSON.stringify(patch.failure) }),
          ...(patch.traceReferences === undefined
            ? {}
            : { trace_references: JSON.stringify(patch.traceReferences) }),
          ...(patch.asOf === undefined ? {} : { as_of: sql<Date>`GREATEST(as_of, ${patch.asOf})` }),
          ...(patch.attempt === undefined ? {} : { attempt: patch.attempt }),
          lease_until: fromAppNow(patch.leaseMs ?? null),
          next_look_at: fromAppNow(nextLookInMs),
          look_failures: 0,
        })
        .where('id', '=', leg.id)
        .where('status', '=', leg.status),
    )
    .with('paid', (cte) =>
      cte
        .updateTable('payments')
        .set({
          reserved_minor: sql<bigint>`reserved_minor + ${reserved.minor}`,
          refunded_minor: sql<bigint>`refunded_minor + ${refunded.minor}`,
          overcommitted,
          ...(isNamed
            ? { next_look_at: sql<Date>`CASE WHEN unbound_minor > 0 THEN app_now() ELSE next_look_at END` }
            : {}),
          version: sql<number>`version + 1`,
          updated_at: appNow,
        })
        .where('id', '=', payment.id),
    )
    .with('shared', (cte) =>
      cte
        .updateTable('payment_sources as s')
        .from('leg_sources as part')
        .set({
          reserved_minor: sql<bigint>`s.reserved_minor + ${reserved.sign} * part.amount_minor`,
          refunded_minor: sql<bigint>`s.refunded_minor + ${refundedPart}`,
          fee_reserved_minor: sql<bigint>`s.fee_reserved_minor + ${reserved.sign} * COALESCE(part.platform_fee_minor, 0)`,
          fee_returned_minor: sql<bigint>`s.fee_returned_minor + ${refunded.sign} * COALESCE(part.platform_fee_minor, 0)`,
          // The mark of a source says that its sum is broken now: it goes with the move that mends the sum.
          overcommitted: sql<boolean>`(${isFact} OR s.overcommitted) AND
              (s.refunded_minor + s.reserved_minor + ${reserved.sign} * part.amount_minor + ${refundedPart} > s.captured_minor
                OR s.fee_returned_minor + s.fee_reserved_minor + ${reserved.sign + refunded.sign} * COALESCE(part.platform_fee_minor, 0) > COALESCE(s.platform_fee_minor, 0))`,
        })
        .whereRef('s.id', '=', 'part.source_id')
        .where('part.leg_id', '=', leg.id),
    )
    .with('lined', (cte) =>
      cte
        .updateTable('payment_items as line')
        .from('refund_items as part')
        .set({
          reserved_hundredths: sql<bigint>`line.reserved_hundredths + ${reserved.sign} * part.quantity_hundredths`,
          reserved_minor: sql<bigint>`line.reserved_minor + ${reserved.sign} * part.amount_minor`,
          returned_hundredths: sql<bigint>`line.returned_hundredths + ${returnedItems} * part.quantity_hundredths`,
          returned_minor: sql<bigint>`line.returned_minor + ${returnedItems} * part.amount_minor`,
          overcommitted: sql<boolean>`(${isFact} OR line.overcommitted) AND
              (line.returned_hundredths + line.reserved_hundredths + ${reserved.sign + returnedItems} * part.quantity_hundredths > line.sold_hundredths
                OR line.returned_minor + line.reserved_minor + ${reserved.sign + returnedItems} * part.amount_minor > line.sold_minor)`,
        })
        .whereRef('line.id', '=', 'part.item_id')
        .where('part.leg_id', '=', leg.id),
    )
    .with('parent', (cte) =>
      cte
        .updateTable('refunds')
        .set({
          status: refundStatus,
          returned_minor: sumReturned(after),
          ...attention,
          version: sql<number>`version + 1`,
          updated_at: appNow,
          finalized_at: isFinalRefund(refundStatus) ? sql<Date>`COALESCE(finalized_at, app_now())` : null,
        })
        .where('id', '=', leg.refund_id),
    )
    .insertInto('events')
    .values(
      eventRow({
        merchantId: leg.merchant_id,
        paymentId: leg.payment_id,
        refundId: leg.refund_id,
        legId: leg.id,
        kind: kindOf(transition),
        from: leg.status,
        to: move.to,
        source: move.source,
        cause: move.by,
        evidence: { ...move.evidence, cause: move.cause, attempt: patch.attempt ?? leg.attempt },
      }),
    )
    .execute();
  return after;
}

/** What the event is called: a contradiction and a person's verdict are told apart from ordinary moves. */
const kindOf = ({ alarm, cause }: Transition): string => {
  if (alarm) return 'leg.contradicted';
  return cause === 'verdict' ? 'leg.resolved' : 'leg.moved';
};
/** Here a leg has its name at the provider, or never will. */
const namingStatuses: readonly LegStatus[] = ['PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

/** How a bucket changes when the leg leaves one status for another, as a sign and in minor units. */
function delta(before: Leg, after: Leg, bucket: 'reserved' | 'refunded'): { sign: number; minor: bigint } {
  return {
    sign: Number(bucketOf(after.status) === bucket) - Number(bucketOf(before.status) === bucket),
    minor: countedIn(after, bucket) - countedIn(before, bucket),
  };
}

const countedIn = (leg: Leg, bucket: 'reserved' | 'refunded'): bigint => {
  if (bucketOf(leg.status) !== bucket) return 0n;
  return bucket === 'refunded' ? leg.returned_minor : leg.amount_minor;
};

/**
 * Whether a leg says what was returned of each line: of one that returned another amount than was ordered that is not
 * known, and what it took shows, as of a refund made elsewhere, in what the provider says is left.
 */
const tellsItems = (leg: Leg): boolean =>
  leg.status === 'SUCCEEDED' && leg.returned_minor === leg.amount_minor;

const sumReturned = (legs: readonly Leg[]): bigint =>
  legs.filter((leg) => leg.status === 'SUCCEEDED').reduce((sum, leg) => sum + leg.returned_minor, 0n);
