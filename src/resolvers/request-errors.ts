import { GraphQLError } from 'graphql';
import type { Failure } from '../errors.ts';

/** The request itself is wrong; `path` names the argument, such as `["filter", "createdAt"]`. */
export const badUserInput = (path: readonly string[], message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', path } });

/** The API key may not do this. */
export const forbidden = (scope: string): GraphQLError =>
  new GraphQLError(`This API key does not have the scope "${scope}".`, { extensions: { code: 'FORBIDDEN' } });

/** The operation asks for more than one operation may. */
export const limitExceeded = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });

/** A query had to ask a provider and got no answer; its field is null. */
export const providerUnavailable = (failure: Failure): GraphQLError =>
  new GraphQLError(failure.message, {
    extensions: { code: 'PROVIDER_UNAVAILABLE', providerErrorCode: failure.code, retry: failure.retry },
  });

/** The operation is larger or deeper than any screen needs. */
export const queryTooComplex = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } });
