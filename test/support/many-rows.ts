import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/tables.ts';

/** Rows of another account and rows that are not due, as a year of refunds leaves them. */
export async function manyRows(db: Kysely<Database>): Promise<void> {
  const copies = async (table: string, columns: string, values: string) =>
    sql
      .raw(
        `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${table} AS old, generate_series(1, 5000) AS n`,
      )
      .execute(db);
  await sql.raw(`ALTER TABLE refund_legs DISABLE TRIGGER ALL`).execute(db);
  const columns =
    'merchant_id, account_id, payment_id, refund_id, status, amount_minor, next_look_at, attempt, provider_refund_id';
  await copies(
    'refund_legs',
    `id, name, ${columns}`,
    `gen_random_uuid(), 'copy-' || n, merchant_id, account_id, payment_id, refund_id,
     'SUCCEEDED', amount_minor, CASE n % 2 WHEN 0 THEN now() + n * interval '1 minute' END, 1, 'copy-' || n`,
  );
  await copies(
    'payments',
    `id, merchant_id, account_id, provider_payment_id, state, raw_status, currency, amount_minor, captured_minor,
     refundable_by_provider, provider_created_at, as_of, next_look_at`,
    `gen_random_uuid(), merchant_id, account_id, 'copy-' || n, state, raw_status, currency, amount_minor,
     captured_minor, refundable_by_provider, provider_created_at, as_of,
     CASE n % 2 WHEN 0 THEN now() + n * interval '1 minute' END`,
  );
  await sql.raw('ANALYZE').execute(db);
}
