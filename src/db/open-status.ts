import { sql, type RawBuilder, type SqlBool } from 'kysely';

/*
 * Conditions with their statuses as words of the statement, never as parameters: a partial index is used only where the
 * statement itself shows that its rows are enough, and the plan of a prepared statement does not know its parameters.
 */

/** The condition of refund_legs_open: a leg that is not final. */
export const isOpenLeg: RawBuilder<SqlBool> = sql<SqlBool>`status IN ('QUEUED', 'SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW')`;

/** A leg that waits to be sent (refund_legs_open). */
export const isQueuedLeg: RawBuilder<SqlBool> = sql<SqlBool>`status = 'QUEUED'`;

/** A leg for which something would be sent (refund_legs_open). */
export const isUnsentLeg: RawBuilder<SqlBool> = sql<SqlBool>`status IN ('QUEUED', 'UNKNOWN')`;

/** The condition of payment_operations_one_open_per_payment. */
export const isOpenOperation: RawBuilder<SqlBool> = sql<SqlBool>`status IN ('SENDING', 'UNKNOWN')`;

/**
 * The rows that a CTE `due` has locked, by their primary key: PostgreSQL cannot know how many of them there will be, and
 * where it is asked to join them it may read the whole table instead.
 */
export const isDueRow = (id: string): RawBuilder<SqlBool> =>
  sql<SqlBool>`${sql.ref(id)} = ANY(ARRAY(SELECT id FROM due))`;
