import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** PostgreSQL's type of each named parameter. */
export type ParameterTypes<Parameters> = Readonly<Record<keyof Parameters & string, string>>;

/** Runs one statement; in a transaction when it is given one. Rows are as their columns are named. */
export type FixedStatement<Parameters, Row> = (
  db: Kysely<Database>,
  parameters: Parameters,
) => Promise<readonly Row[]>;

/** `:name`, but not the `::` of a cast. */
const PLACEHOLDER = /(?<!:):([a-z]\w*)/gi;

/**
 * A statement whose text never changes: it is put together once, when the module is loaded, instead of for every
 * execution, and passes the same pool, guard and open transaction as all others. `:name` stands for the parameter of that
 * name, as often as it occurs. For the few statements that are on the way of every refund; everything else is written
 * with Kysely.
 *
 * @param types casts every parameter; without them, say the type (`:name::uuid`) where PostgreSQL cannot see it
 * @throws TypeError for a name without a type, when the module is loaded
 */
export function fixedStatement<Parameters extends object, Row>(
  template: string,
  types?: ParameterTypes<Parameters>,
): FixedStatement<Parameters, Row> {
  const casts: ReadonlyMap<string, string> | undefined = types && new Map(Object.entries<string>(types));
  const names: string[] = [];
  const text = template.trim().replace(PLACEHOLDER, (_, name: string) => {
    const cast = casts?.get(name);
    if (casts !== undefined && cast === undefined) throw new TypeError(`:${name} has no type`);
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}${cast === undefined ? '' : `::${cast}`}`;
  });
  return async (db, parameters) => {
    const values = names.map((name): unknown => Reflect.get(parameters, name));
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, values));
    return rows;
  };
}
