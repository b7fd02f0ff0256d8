import { sql, type RawBuilder } from 'kysely';
import type { AttentionReason, LegStatus } from '../vocabulary.ts';

/** In which statuses of a leg each reason can hold. MANUAL_REVIEW holds exactly while a leg is in it. */
const holdsIn: Record<Exclude<AttentionReason, 'MANUAL_REVIEW'>, readonly LegStatus[]> = {
  UNKNOWN_TOO_LONG: ['UNKNOWN'],
  PENDING_TOO_LONG: ['PENDING'],
  QUEUED_TOO_LONG: ['QUEUED'],
  ACCOUNT_PAUSED: ['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN'],
};

/** What a move leaves of the mark of its refund, as columns to set. A reason that stays keeps its time. */
export function attentionAfter(statuses: readonly LegStatus[]): {
  readonly attention: RawBuilder<AttentionReason | null>;
  readonly attention_since: RawBuilder<Date | null>;
} {
  if (statuses.includes('MANUAL_REVIEW'))
    return {
      attention: sql<AttentionReason>`'MANUAL_REVIEW'`,
      attention_since: sql<Date>`CASE WHEN attention = 'MANUAL_REVIEW' THEN attention_since ELSE app_now() END`,
    };
  const kept = Object.entries(holdsIn)
    .filter(([, where]) => statuses.some((status) => where.includes(status)))
    .map(([reason]) => reason);
  return {
    attention: sql<AttentionReason | null>`CASE WHEN attention = ANY(${kept}::text[]) THEN attention END`,
    attention_since: sql<Date | null>`CASE WHEN attention = ANY(${kept}::text[]) THEN attention_since END`,
  };
}
