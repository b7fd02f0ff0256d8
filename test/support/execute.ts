import { graphql, type GraphQLError } from 'graphql';
import type { Caller, World } from '../../src/refunds/world.ts';
import { createContext } from '../../src/resolvers/context.ts';
import { buildSchema } from '../../src/schema/index.ts';

export interface Answer<Data> {
  readonly data: Data;
  readonly errors: readonly GraphQLError[];
}

/** Executes one operation of the public schema as the server does, without HTTP. */
export async function execute<Data = never>(
  world: World,
  caller: Caller,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<Answer<Data>> {
  const { data, errors = [] } = await graphql({
    schema: buildSchema(),
    source,
    variableValues,
    contextValue: createContext(world, caller),
  });
  // As a client gets it: plain JSON.
  return { data: JSON.parse(JSON.stringify(data ?? null)) as Data, errors };
}

/** The answer of an operation that must not have top-level errors. */
export async function ask<Data>(
  world: World,
  caller: Caller,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<Data> {
  const { data, errors } = await execute<Data>(world, caller, source, variableValues);
  if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'));
  return data;
}

export const codeOf = (error: GraphQLError | undefined): unknown => error?.extensions['code'];
