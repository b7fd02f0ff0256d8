import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/tables.ts';

/** What the API shows of each row, apart from times of looks; tags of answers rely on versions to change with it. */
const shown = {
  refunds: `status returned_minor reference reason note metadata retries replaces attention attention_since
    finalized_at updated_at`.split(/\s+/),
  refund_legs: 'status amount_minor returned_minor attempt provider_refund_id failure trace_references'.split(
    ' ',
  ),
  payments:
    `order_reference state amount_minor captured_minor refunded_minor reserved_minor unbound_minor overcommitted
    provider_refunded_minor refundable_by_provider captured_at facts_from as_of`.split(/\s+/),
};

const isChanged = (table: keyof typeof shown): string =>
  shown[table].map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(' OR ');

/**
 * Notes every transaction that changes what is shown, or adds to a history, and leaves the version as it is. Looked at
 * when it commits: several statements may change one refund.
 */
export async function watchVersions(db: Kysely<Database>): Promise<void> {
  const statements = [
    'CREATE TABLE unversioned_changes (what text NOT NULL)',
    `CREATE FUNCTION note_unversioned() RETURNS trigger LANGUAGE plpgsql AS $$
     DECLARE refund uuid := CASE WHEN TG_TABLE_NAME = 'refunds' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'refund_id')::uuid END;
     BEGIN
       IF TG_TABLE_NAME = 'payments' OR NOT EXISTS (
         SELECT FROM refunds WHERE id = refund AND change_xid = pg_current_xact_id()
       ) THEN
         INSERT INTO unversioned_changes VALUES (TG_TABLE_NAME || ': ' || to_jsonb(NEW)::text || COALESCE(' was ' || CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD)::text END, ''));
       END IF;
       RETURN NULL;
     END $$`,
    ...(['refunds', 'refund_legs'] as const).map(
      (table) => `CREATE CONSTRAINT TRIGGER watch AFTER UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (${isChanged(table)}) EXECUTE FUNCTION note_unversioned()`,
    ),
    `CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.refund_id IS NOT NULL) EXECUTE FUNCTION note_unversioned()`,
    `CREATE TRIGGER watch AFTER UPDATE ON payments
      FOR EACH ROW WHEN (OLD.version = NEW.version AND (${isChanged('payments')})) EXECUTE FUNCTION note_unversioned()`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** The rows of those transactions. */
export async function listUnversionedChanges(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`SELECT what FROM unversioned_changes`.execute(db);
  return rows.map(({ what }) => what);
}
