import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { currentRequestId } from '../request-context.ts';
import { badInput } from './bad-input.ts';

/**
 * The one place where what was thrown becomes what a caller sees. Errors with a code were made for callers
 * and pass. Trouble of the database says so, with advice. Everything else is a bug: the caller gets the
 * request id, the log gets the rest.
 */
export function createErrorMask(log: Logger): (thrown: unknown) => Error {
  return (thrown) => {
    const origin = originOf(thrown);
    if (origin instanceof GraphQLError) {
      if (typeof origin.extensions['code'] === 'string')
        return thrown instanceof GraphQLError ? thrown : origin;
      const argument = ARGUMENT_ERROR.exec(origin.message)?.[1];
      if (argument !== undefined)
        return badInput(thrown instanceof GraphQLError ? thrown : origin, [argument]);
    }
    if (isDatabaseUnavailable(origin)) {
      log.warn({ err: origin }, 'database unavailable');
      return locatedLike(thrown, 'The database does not answer. Send the request again, with the same key.', {
        code: 'DATABASE_UNAVAILABLE',
        retry: 'SAME_KEY',
      });
    }
    log.error({ err: origin }, 'unexpected error');
    const requestId = currentRequestId();
    return locatedLike(thrown, 'Something went wrong on our side. Tell us the request id.', {
      code: 'INTERNAL_SERVER_ERROR',
      ...(requestId === undefined ? {} : { requestId }),
    });
  };
}

/** How graphql-js itself refuses the arguments of a field while it executes; resolvers use codes. */
const ARGUMENT_ERROR = /^Argument "(\w+)" (?:of |has )/;

function originOf(thrown: unknown): unknown {
  let origin = thrown;
  while (
    origin instanceof GraphQLError &&
    origin.originalError !== undefined &&
    origin.originalError !== null
  )
    origin = origin.originalError;
  return origin;
}

function locatedLike(thrown: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(thrown instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  return new GraphQLError(message, {
    ...(thrown.nodes === undefined ? {} : { nodes: thrown.nodes }),
    ...(thrown.path === undefined ? {} : { path: thrown.path }),
    extensions,
  });
}
