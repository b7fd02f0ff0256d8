import { DirectiveLocation, GraphQLDirective } from 'graphql';

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
