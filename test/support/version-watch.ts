import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/tables.ts';

/** A change of what a refund is decided on, in a transaction that did not raise the version of its payment. */
export interface Unraised {
  readonly table_name: string;
  readonly change: string;
}

/** What a refund is decided on, with which change counts. */
const watched = [
  ['payment_sources', 'INSERT OR DELETE', 'true'],
  ['payment_sources', 'UPDATE', 'OLD IS DISTINCT FROM NEW'],
  ['payment_items', 'INSERT OR DELETE', 'true'],
  ['payment_items', 'UPDATE', 'OLD IS DISTINCT FROM NEW'],
  ['refund_legs', 'INSERT OR DELETE', 'true'],
  // A lease that is taken; one that is given up early only lets a refund wait that need not.
  [
    'refund_legs',
    'UPDATE',
    `OLD.status <> NEW.status OR NEW.lease_until > COALESCE(OLD.lease_until, '-infinity')`,
  ],
  ['payment_operations', 'INSERT OR DELETE', 'true'],
  ['payment_operations', 'UPDATE', 'OLD.status <> NEW.status'],
] as const;

const ofPayments =
  'state, raw_status, currency, amount_minor, captured_minor, refunded_minor, reserved_minor, unbound_minor, ' +
  'provider_refunded_minor, refundable_by_provider, handles, whole_only, overcommitted, captured_at, ' +
  'refund_window_closes_at, as_of, read_epoch, released_epoch';
const rowOf = (row: 'OLD' | 'NEW'): string => `(${ofPayments.replaceAll(/\w+/g, `${row}.$&`)})`;

/**
 * Has the database of a test note, at the end of every transaction, what changed without its payment's version: refunds
 * are reserved on a version that was read without a lock.
 *
 * @returns what was noted so far
 */
export async function watchVersions(db: Kysely<Database>): Promise<() => Promise<Unraised[]>> {
  const triggers = [
    ...watched,
    ['payments', 'UPDATE', `${rowOf('OLD')} IS DISTINCT FROM ${rowOf('NEW')}`] as const,
  ].map(
    ([table, change, when], index) => `
      CREATE CONSTRAINT TRIGGER watch_${index} AFTER ${change} ON ${table} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW ${when === 'true' ? '' : `WHEN (${when})`} EXECUTE FUNCTION note_unraised();`,
  );
  await sql
    .raw(
      `
      CREATE TABLE raised (payment_id uuid, xid xid8);
      CREATE TABLE unraised (table_name text, change text);
      CREATE FUNCTION note_raised() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO raised VALUES (NEW.id, pg_current_xact_id());
        RETURN NULL;
      END $$;
      CREATE FUNCTION note_unraised() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        changed jsonb := to_jsonb(COALESCE(NEW, OLD));
        payment uuid := CASE WHEN TG_TABLE_NAME = 'payments' THEN changed ->> 'id' ELSE changed ->> 'payment_id' END;
      BEGIN
        IF NOT EXISTS (SELECT FROM raised WHERE payment_id = payment AND xid = pg_current_xact_id()) THEN
          INSERT INTO unraised VALUES (TG_TABLE_NAME, TG_OP || ' ' || COALESCE(changed ->> 'status', ''));
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER raise_made AFTER INSERT ON payments FOR EACH ROW EXECUTE FUNCTION note_raised();
      CREATE TRIGGER raise_noted AFTER UPDATE ON payments FOR EACH ROW WHEN (NEW.version > OLD.version)
        EXECUTE FUNCTION note_raised();
      ${triggers.join('\n')}`,
    )
    .execute(db);
  return async () => {
    const { rows } = await sql<Unraised>`SELECT DISTINCT table_name, change FROM unraised`.execute(db);
    return rows;
  };
}
