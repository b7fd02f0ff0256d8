import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** PostgreSQL's type of each named parameter. */
export type ParameterTypes<Input> = Readonly<Record<keyof Input & string, string>>;

/** Sends a statement with these parameters, in a transaction or by itself. */
export type WrittenStatement<Input, Row> = (db: Kysely<Database>, input: Input) => Promise<Row[]>;

/**
 * A statement that is written as SQL once, with `:name` where a parameter stands, each cast to its type. For the few that
 * every refund sends: nothing is compiled per call, and the text, which names the prepared statement, is always the same
 * string. It takes the way of every other statement: the pool, its guard, an open transaction.
 *
 * @throws TypeError for a name without a type, when the module is loaded
 */
export function writtenStatement<Input extends object, Row>(
  text: string,
  types: ParameterTypes<Input>,
): WrittenStatement<Input, Row> {
  const names: (keyof Input & string)[] = [];
  const isTyped = (name: string): name is keyof Input & string => Object.hasOwn(types, name);
  const sql = text.trim().replaceAll(/(?<!:):([a-z]\w*)/gi, (_, name: string) => {
    if (!isTyped(name)) throw new TypeError(`:${name} has no type`);
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}::${types[name]}`;
  });
  const compiled = CompiledQuery.raw(sql) as CompiledQuery<Row>;
  return async (db, input) => {
    const parameters = names.map((name) => input[name]);
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}
