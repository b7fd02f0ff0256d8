import { DirectiveLocation, GraphQLDirective, type GraphQLSchema } from 'graphql';

/**
 * Marks root fields that may make a provider move money. One executed operation runs at most one of them;
 * the server counts after fragments and aliases.
 */
export const moneyMovingDirective = new GraphQLDirective({
  name: 'moneyMoving',
  description: 'May make a provider move money. An operation may have at most one such field.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
});

/** The option of a field that carries the mark. */
export const moneyMoving = { moneyMoving: {} } as const;

/** The names of the marked root fields of a schema. */
export function moneyMovingFields(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  return new Set(fields.filter((field) => isMarked(field.extensions['directives'])).map((field) => field.name));
}

/** The directives plugin keeps what is on a field as a list or as a record by name. */
function isMarked(directives: unknown): boolean {
  if (Array.isArray(directives))
    return directives.some((one: { readonly name?: unknown }) => one.name === moneyMovingDirective.name);
  return typeof directives === 'object' && directives !== null && moneyMovingDirective.name in directives;
}
