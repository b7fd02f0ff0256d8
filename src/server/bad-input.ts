import { GraphQLError } from 'graphql';
import type { InputPath } from './input-path.ts';

/** The same error as a caller's bad input, with the path to it where one is known. */
export function badInput(error: GraphQLError, path: InputPath | undefined): GraphQLError {
  return new GraphQLError(error.message, {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
    ...(error.path === undefined ? {} : { path: error.path }),
    extensions: {
      code: 'BAD_USER_INPUT',
      ...(path === undefined ? {} : { path }),
      http: { status: 400, spec: true },
    },
  });
}
