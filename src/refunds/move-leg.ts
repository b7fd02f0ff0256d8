import type { Kysely } from 'kysely';
import type { Cause } from '../context.ts';
import type { EventSource } from '../db/events.ts';
import { updateLegMoved, type MoveInput } from '../db/leg-moves.ts';
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
  constructor(leg: Pick<Leg, 'id' | 'status'>, move: Move) {
    super(`leg ${leg.id} cannot move from ${leg.status} to ${move.to} by ${move.cause}`);
    this.name = 'ImpossibleTransition';
  }
}

/** What a move is decided on. */
export type MovingLeg = Pick<
  Leg,
  | 'id'
  | 'merchant_id'
  | 'payment_id'
  | 'refund_id'
  | 'status'
  | 'amount_minor'
  | 'returned_minor'
  | 'attempt'
  | 'provider_refund_id'
  | 'sent_at'
>;
type MovedLeg = Pick<Leg, 'id' | 'status' | 'returned_minor' | 'sent_at'>;

export interface PlannedMove {
  /** What changes on the leg, as the rest of this process has to know it. */
  readonly moved: MovedLeg;
  readonly input: MoveInput;
}

/**
 * What one move along the table means for everything that follows from it: the sums of payment, sources and lines of the
 * cart, the status of the refund, and the event (I5, I6). Pure.
 *
 * A provider's fact, or what a person found at the provider, that breaks the sum is recorded and marks the payment
 * `overcommitted`; a caller's wish that would break it violates the CHECK. A leg that leaves SUCCEEDED takes back what
 * was counted.
 *
 * @param others the other legs of the refund
 * @throws ImpossibleTransition when the table does not have the move
 */
export function planMove(others: readonly MovedLeg[], leg: MovingLeg, move: Move): PlannedMove {
  const transition = findTransition(leg.status, move.cause, move.to);
  if (transition === undefined) throw new ImpossibleTransition(leg, move);
  const patch = move.patch ?? {};
  const moved: MovedLeg & Pick<Leg, 'amount_minor'> = {
    id: leg.id,
    amount_minor: leg.amount_minor,
    status: move.to,
    sent_at: move.to === 'SENDING' ? new Date() : leg.sent_at,
    returned_minor: move.to === 'SUCCEEDED' ? (move.returnedMinor ?? leg.amount_minor) : 0n,
  };
  const after = [...others, moved];
  const refundStatus = deriveRefundStatus(after.map(({ status, sent_at }) => ({ status, sentAt: sent_at })));
  const reserved = delta(leg, moved, 'reserved');
  const refunded = delta(leg, moved, 'refunded');
  // Nobody but its sender looks at a leg that is being sent, until its lease is over (I7).
  const otherwiseMs = isFinalLeg(move.to) ? null : (patch.leaseMs ?? 0);
  const nextLookInMs = patch.nextLookInMs === undefined ? otherwiseMs : patch.nextLookInMs;
  const input: MoveInput = {
    merchantId: leg.merchant_id,
    paymentId: leg.payment_id,
    refundId: leg.refund_id,
    legId: leg.id,
    from: leg.status,
    to: move.to,
    isFinal: isFinalLeg(move.to),
    returnedMinor: moved.returned_minor,
    providerRefundId: patch.providerRefundId ?? null,
    setsProviderRefundId: patch.providerRefundId !== undefined,
    rawStatus: patch.rawStatus ?? null,
    setsRawStatus: patch.rawStatus !== undefined,
    failure: patch.failure ? JSON.stringify(patch.failure) : null,
    setsFailure: patch.failure !== undefined,
    traceReferences: patch.traceReferences === undefined ? null : JSON.stringify(patch.traceReferences),
    asOf: patch.asOf ?? null,
    attempt: patch.attempt ?? null,
    leaseSeconds: toSeconds(patch.leaseMs ?? null),
    nextLookSeconds: toSeconds(nextLookInMs),
    reservedSign: reserved.sign,
    reservedMinor: reserved.minor,
    refundedSign: refunded.sign,
    refundedMinor: refunded.minor,
    // Else the share of the only source is what was returned, whatever was asked for.
    countsAsOrdered: refunded.minor === BigInt(refunded.sign) * leg.amount_minor,
    returnedItemsSign: Number(tellsItems(moved)) - Number(tellsItems(leg)),
    isFact: ['evidence', 'answer', 'verdict'].includes(move.cause),
    // What was refunded at the provider and is nobody's yet may be explained now: somebody looks at once.
    isNamed: leg.provider_refund_id === null && namingStatuses.includes(move.to),
    refundStatus,
    isFinalRefund: isFinalRefund(refundStatus),
    sumReturnedMinor: sumReturned(after),
    ...attentionAfter(after.map(({ status }) => status)),
    eventKind: kindOf(transition),
    eventSource: move.source,
    actor: move.by.actor,
    apiKeyId: move.by.keyId,
    requestId: move.by.requestId,
    eventEvidence: JSON.stringify({
      ...move.evidence,
      cause: move.cause,
      attempt: patch.attempt ?? leg.attempt,
    }),
  };
  return { moved, input };
}

/**
 * Moves one leg and, in one statement, everything that `planMove` says follows from it. The caller holds the payment's
 * lock in `tx` and has read `legs` (all legs of the refund) under it.
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
  if (leg.payment_id !== payment.id) throw new TypeError(`leg ${leg.id} is of another payment`);
  const others = legs.filter((other) => other.id !== leg.id);
  const { moved, input } = planMove(others, leg, move);
  await updateLegMoved(tx, input);
  return legs.map((other) => (other.id === leg.id ? { ...leg, ...moved } : other));
}

const toSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** What the event is called: a contradiction and a person's verdict are told apart from ordinary moves. */
const kindOf = ({ alarm, cause }: Transition): string => {
  if (alarm) return 'leg.contradicted';
  return cause === 'verdict' ? 'leg.resolved' : 'leg.moved';
};
/** Here a leg has its name at the provider, or never will. */
const namingStatuses: readonly LegStatus[] = ['PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

type Counted = Pick<Leg, 'status' | 'amount_minor' | 'returned_minor'>;

/** How a bucket changes when the leg leaves one status for another, as a sign and in minor units. */
function delta(
  before: Counted,
  after: Counted,
  bucket: 'reserved' | 'refunded',
): { sign: number; minor: bigint } {
  return {
    sign: Number(bucketOf(after.status) === bucket) - Number(bucketOf(before.status) === bucket),
    minor: countedIn(after, bucket) - countedIn(before, bucket),
  };
}

const countedIn = (leg: Counted, bucket: 'reserved' | 'refunded'): bigint => {
  if (bucketOf(leg.status) !== bucket) return 0n;
  return bucket === 'refunded' ? leg.returned_minor : leg.amount_minor;
};

/**
 * Whether a leg says what was returned of each line: of one that returned another amount than was ordered that is not
 * known, and what it took shows, as of a refund made elsewhere, in what the provider says is left.
 */
const tellsItems = (leg: Counted): boolean =>
  leg.status === 'SUCCEEDED' && leg.returned_minor === leg.amount_minor;

const sumReturned = (legs: readonly MovedLeg[]): bigint =>
  legs.filter((leg) => leg.status === 'SUCCEEDED').reduce((sum, leg) => sum + leg.returned_minor, 0n);
