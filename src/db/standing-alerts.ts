import { sql, type Kysely } from 'kysely';
import type { AlertCode } from '../alerts.ts';
import type { Database } from './tables.ts';

/**
 * Remembers for which subjects an alert stands. One statement by the primary key, so that of many processes that notice
 * the same at once one is told that it begins.
 *
 * @param begins for which subjects it stands now, if it did not before
 * @param lasts for which it stays if it stands; for all others it has ended
 * @returns those for which it has begun just now
 */
export async function noteStanding(
  db: Kysely<Database>,
  code: AlertCode,
  { begins, lasts }: { readonly begins: readonly string[]; readonly lasts: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await sql<{ subject: string }>`
    WITH ended AS (
      DELETE FROM standing_alerts WHERE code = ${code} AND NOT subject = ANY (${[...begins, ...lasts]}::text[])
    )
    INSERT INTO standing_alerts (code, subject) SELECT ${code}, unnest(${[...begins]}::text[])
    ON CONFLICT DO NOTHING RETURNING subject`.execute(db);
  return rows.map(({ subject }) => subject);
}
