import { sql, type Kysely } from 'kysely';

/**
 * What a provider tells beside status and amount. Locking: the default is constant, so the table is not rewritten
 * and the exclusive lock is held for a moment only.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  "ALTER TABLE provider_refunds ADD COLUMN details jsonb NOT NULL DEFAULT '{}'",
  "COMMENT ON COLUMN provider_refunds.details IS 'In the words of the provider, such as a batch; no part of any decision'",
];
