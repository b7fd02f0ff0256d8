import type { Client } from 'pg';
import { NotForGeneratingError } from './generate.ts';

/** What the name of a database ends in that somebody has made for generated data. */
const SUFFIX = '_generated';

/**
 * Refuses every database that could be somebody's, before anything in it is changed. All of this must hold: nobody
 * says that this is production; somebody has named the database for it, or its server is this command's own; and either
 * it was begun by this command, or it is empty, and no service was ever started on it (its first start marks it).
 *
 * @param isOurs whether the server is an embedded one that this command has started
 * @throws NotForGeneratingError saying what is wrong
 */
export async function refuseUsedDatabase(
  client: Client,
  { isOurs, environment }: { readonly isOurs: boolean; readonly environment: NodeJS.ProcessEnv },
): Promise<void> {
  if (environment['NODE_ENV'] === 'production')
    throw new NotForGeneratingError('NODE_ENV is production: nothing is generated here.');
  const { rows } = await client.query<{ name: string; isBegun: boolean; hasTables: boolean }>(
    `SELECT current_database() AS name, to_regclass('generated.run') IS NOT NULL AS "isBegun",
       EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
         AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema', 'pg_toast'))) AS "hasTables"`,
  );
  const { name, isBegun, hasTables } = rows[0]!;
  if (!isOurs && !name.endsWith(SUFFIX))
    throw new NotForGeneratingError(
      `The database is called ${name}. Make one whose name ends in "${SUFFIX}", and generate there.`,
    );
  if (isBegun || !hasTables) return;
  const used = await client.query<{ used: boolean }>(
    `SELECT to_regclass('installation') IS NULL OR to_regclass('refunds') IS NULL AS used`,
  );
  if (used.rows[0]!.used)
    throw new NotForGeneratingError('The database has tables that are not of this service.');
  const rowsThere = await client.query<{ used: boolean }>(
    `SELECT EXISTS (SELECT FROM installation) OR EXISTS (SELECT FROM refunds) OR EXISTS (SELECT FROM payments)
       OR EXISTS (SELECT FROM merchants WHERE code NOT LIKE 'generated-%') AS used`,
  );
  if (rowsThere.rows[0]!.used)
    throw new NotForGeneratingError('A service was started on this database, or it has data of its own.');
}
