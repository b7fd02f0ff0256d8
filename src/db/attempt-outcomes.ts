import type { Kysely } from 'kysely';
import type { LegId } from '../ids.ts';
import { moveParts, moveTypes, type MoveInput } from './leg-moves.ts';
import type { Attempt, Leg, Refund } from './legs.ts';
import { seenInsert, seenTypes, type SeenInput } from './provider-refunds.ts';
import type { Database } from './tables.ts';
import { fixedStatement, type ParameterTypes } from './fixed-statement.ts';

interface OutcomeInput {
  readonly legId: LegId;
  readonly sentAttempt: number;
  readonly outcome: NonNullable<Attempt['outcome']>;
  /** JSON. */
  readonly outcomeEvidence: string;
  readonly answeredRefundId: string | null;
  readonly unclearSends: 0 | 1;
}

const outcomeTypes: ParameterTypes<OutcomeInput> = {
  legId: 'uuid',
  sentAttempt: 'integer',
  outcome: 'text',
  outcomeEvidence: 'jsonb',
  answeredRefundId: 'text',
  unclearSends: 'integer',
};

/** The raw outcome of a send, with what the provider calls the refund. */
const outcomeUpdate = (gate: string): string => `
  UPDATE leg_attempts SET
    outcome = :outcome,
    outcome_at = app_now(),
    evidence = :outcomeEvidence,
    provider_refund_id = COALESCE(:answeredRefundId, provider_refund_id),
    unclear_sends = unclear_sends + :unclearSends
  WHERE leg_id = :legId AND attempt = :sentAttempt AND ${gate}`;

const outcomeStatement = fixedStatement<OutcomeInput, never>(outcomeUpdate('true'), outcomeTypes);

/**
 * Keeps the raw outcome of a send before anything is concluded from it: one statement, no payment lock
 * (MONEY section 9).
 */
export async function recordAttemptOutcome(db: Kysely<Database>, outcome: OutcomeInput): Promise<void> {
  await outcomeStatement(db, outcome);
}

/** The raw outcome together with the move that follows from it, and what both were decided on. */
export interface AnswerInput extends MoveInput, OutcomeInput {
  /** What was asked for, in minor units. */
  readonly orderedMinor: bigint;
  /** Sends of the attempt, with this one. */
  readonly sends: number;
  /** The other legs of the refund, as `describeLegs` puts them; empty: it has none. */
  readonly others: string;
}

const answerTypes: ParameterTypes<AnswerInput> = {
  ...moveTypes,
  ...outcomeTypes,
  orderedMinor: 'bigint',
  sends: 'integer',
  others: 'text',
};

type OtherLeg = Pick<Leg, 'id' | 'status' | 'returned_minor' | 'sent_at'>;

/** What of other legs decides about their refund, as a text that the statement can compare. */
export const describeLegs = (legs: readonly OtherLeg[]): string =>
  legs
    .map(
      ({ id, status, returned_minor, sent_at }) =>
        `${id} ${status} ${returned_minor} ${sent_at === null ? 'f' : 't'}`,
    )
    .toSorted()
    .join(',');

/**
 * The locks of payment and leg, if nobody has them, on a leg that is still being sent by this very send, with a payment
 * and with other legs as they were thought to be. A change that was committed between the statement's snapshot and the
 * lock shows in the version, so everything that the statement reads is of one moment.
 */
const held = `
  SELECT p.id FROM payments p, refund_legs l, leg_attempts a
  WHERE p.id = :paymentId AND p.merchant_id = :merchantId
    AND p.version = (SELECT version FROM payments WHERE id = :paymentId)
    AND NOT p.overcommitted AND p.unbound_minor = 0
    AND l.id = :legId AND l.payment_id = p.id AND l.refund_id = :refundId
    AND l.status = :from AND l.attempt = :sentAttempt AND l.provider_refund_id IS NULL
    AND l.amount_minor = :orderedMinor AND l.returned_minor = 0
    AND a.leg_id = l.id AND a.attempt = :sentAttempt AND a.sends = :sends
    AND :others = (
      SELECT COALESCE(string_agg(concat_ws(' ', o.id, o.status, o.returned_minor, o.sent_at IS NOT NULL), ',' ORDER BY o.id), '')
      FROM refund_legs o WHERE o.refund_id = :refundId AND o.id <> :legId)
  FOR NO KEY UPDATE OF p, l SKIP LOCKED`;

/** `gate` names the part without whose row nothing of the rest happens. */
const answerText = (before: string, gate: string): string => `
  WITH held AS MATERIALIZED (${held}), ${before} outcome AS (${outcomeUpdate(`EXISTS (SELECT FROM ${gate})`)}),
  ${moveParts(`EXISTS (SELECT FROM ${gate})`)}
  SELECT parent.*, EXISTS (
    SELECT FROM refund_legs WHERE payment_id = :paymentId AND status = 'QUEUED') AS waits
  FROM parent`;

type Answered = Refund & { readonly waits: boolean };

/** A provider refund that is known already may be another leg's, or nobody's: then this statement does nothing. */
const acceptedStatement = fixedStatement<AnswerInput & SeenInput, Answered>(
  answerText(`named AS (${seenInsert('FROM held')} ON CONFLICT DO NOTHING RETURNING leg_id),`, 'named'),
  { ...answerTypes, ...seenTypes },
);

const refusedStatement = fixedStatement<AnswerInput, Answered>(answerText('', 'held'), answerTypes);

/** A refund as the statement that moved its leg has left it. */
export interface MovedRefund {
  readonly refund: Refund;
  /** Another leg of the payment was waiting to be sent in that moment. */
  readonly waits: boolean;
}

/**
 * The outcome of a send and what follows from it, in one statement and one commit (MONEY section 11): where the payment's
 * lock is free, and everything is as `answer` takes it to be. Waits for no lock. Primary keys, refund_legs_name_unique
 * and refund_legs_open.
 *
 * @param seen the provider's refund, where it made one
 * @returns undefined: nothing was written
 */
export async function recordAnswer(
  db: Kysely<Database>,
  answer: AnswerInput,
  seen: SeenInput | null,
): Promise<MovedRefund | undefined> {
  const [row] =
    seen === null ? await refusedStatement(db, answer) : await acceptedStatement(db, { ...answer, ...seen });
  if (row === undefined) return undefined;
  const { waits, ...refund } = row;
  return { refund, waits };
}
