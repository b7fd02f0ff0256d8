import type { GraphQLSchema } from 'graphql';
import { buildSchema } from './index.ts';
import { moneyMovingDirective } from './money-moving-directive.ts';

/** The names of the root fields of a schema that are marked with `@moneyMoving`. */
export function moneyMovingFields(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  return new Set(
    fields.filter((field) => isMarked(field.extensions['directives'])).map((field) => field.name),
  );
}

const isMarked = (directives: unknown): boolean =>
  typeof directives === 'object' && directives !== null && moneyMovingDirective.name in directives;

let marked: ReadonlySet<string> | undefined;

/** Whether this root field of the public schema may make a provider move money. */
export function isMoneyMoving(fieldName: string): boolean {
  marked ??= moneyMovingFields(buildSchema());
  return marked.has(fieldName);
}
