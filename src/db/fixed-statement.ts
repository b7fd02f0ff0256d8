import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** Runs one statement; in a transaction when it is given one. Rows are as their columns are named. */
export type FixedStatement<Parameters, Row> = (
  db: Kysely<Database>,
  parameters: Parameters,
) => Promise<readonly Row[]>;

/** `:name`, but not the `::` of a cast. */
const PLACEHOLDER = /(?<!:):([a-z]\w*)/gi;

/**
 * A statement whose text never changes: it is put together once, when the module is loaded, instead of for every
 * execution, and passes the same pool as all others. `:name` stands for the parameter of that name, as often as it occurs;
 * say its type (`:name::uuid`) where PostgreSQL cannot see it. For the few statements that are on the way of every
 * refund; everything else is written with Kysely.
 */
export function fixedStatement<Parameters extends object, Row>(
  template: string,
): FixedStatement<Parameters, Row> {
  const names: string[] = [];
  const text = template.replace(PLACEHOLDER, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return async (db, parameters) => {
    const values = names.map((name): unknown => Reflect.get(parameters, name));
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, values));
    return rows;
  };
}
