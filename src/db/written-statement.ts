import { fixedStatement, type FixedStatement } from './fixed-statement.ts';

/** PostgreSQL's type of each named parameter. */
export type ParameterTypes<Input> = Readonly<Record<keyof Input & string, string>>;

/**
 * A fixed statement out of parts that others share, so that the types of its parameters are told once, beside them.
 *
 * @throws TypeError for a name without a type, when the module is loaded
 */
export function writtenStatement<Input extends object, Row>(
  text: string,
  types: ParameterTypes<Input>,
): FixedStatement<Input, Row> {
  const isTyped = (name: string): name is keyof Input & string => Object.hasOwn(types, name);
  const typed = text.trim().replaceAll(/(?<!:):([a-z]\w*)/gi, (_, name: string) => {
    if (!isTyped(name)) throw new TypeError(`:${name} has no type`);
    return `:${name}::${types[name]}`;
  });
  return fixedStatement<Input, Row>(typed);
}
