import { sql, type Kysely } from 'kysely';

/**
 * What readers that poll the same rows have to know of each other's looks. The lease is the one that the engine claims
 * with, so that they exclude each other as well.
 *
 * Locking: both tables are locked exclusively for a moment; the columns are empty or have constant defaults, so that
 * nothing is read or rewritten. No index has them: a look that changes nothing else stays a heap-only update.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['refund_legs', 'payments'])
    await sql
      .raw(
        `ALTER TABLE ${table}
  ADD COLUMN looked_at timestamptz,
  ADD COLUMN look_retry_at timestamptz,
  ADD COLUMN look_retries integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ${table}.looked_at IS 'When the provider was asked last and answered, also where it knew of nothing';
COMMENT ON COLUMN ${table}.look_retry_at IS 'After a look that was not answered: no reader has it asked again before';
COMMENT ON COLUMN ${table}.look_retries IS 'Looks in a row that were not answered, whoever began them';
`,
      )
      .execute(db);
  await sql
    .raw(
      `ALTER TABLE refund_legs ADD COLUMN look_is_shared boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN refund_legs.look_is_shared IS 'look_lease_until is held for readers: no plan of recovery goes on under it';
`,
    )
    .execute(db);
}
