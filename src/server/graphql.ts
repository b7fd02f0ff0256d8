import type { IncomingMessage } from 'node:http';
import { execute, type GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Caller } from '../refunds/world.ts';
import type { Shown } from '../resolvers/shown-freshness.ts';
import { useOperationRecord, type RequestRecord } from './access-log.ts';
import { errorAnswer, type Answer } from './answer.ts';
import { createDocumentCache } from './document-cache.ts';
import { parseWithinLimits } from './document-limits.ts';
import { graphiqlOptions, renderGraphiql, type GraphiqlSetup } from './graphiql.ts';
import { validateDocument } from './literal-inputs.ts';
import { createErrorMask } from './masked-errors.ts';
import { useOneMoneyMutation, type IsMoneyMoving } from './money-mutations.ts';
import type { PersistedOperations } from './persisted-operations.ts';
import type { ServerContext, ServerPlugin } from './plugin.ts';
import { readRequestParams } from './request-params.ts';
import { useRetryAfter } from './retry-after.ts';
import { useReadParams } from './read-params.ts';
import { useVariableInputs } from './variable-inputs.ts';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  readonly isMoneyMoving: IsMoneyMoving;
  /** The context of the resolvers for one operation. */
  readonly contextFor: (caller: Caller, shown: Shown) => object;
  readonly persisted: PersistedOperations;
  /** Present in demo mode only. */
  readonly graphiql: GraphiqlSetup | undefined;
}

/** One request to `/graphql`; without a caller it can only be for the page of GraphiQL. */
export interface GraphqlRequest {
  readonly incoming: IncomingMessage;
  readonly body: Buffer | undefined;
  readonly caller: Caller | undefined;
  readonly record: RequestRecord;
}

/** Answers GraphQL over HTTP (the GraphQL over HTTP specification); never throws. */
export type GraphqlHandler = (request: GraphqlRequest) => Promise<Answer>;

export function createGraphqlHandler(options: GraphqlOptions): GraphqlHandler {
  const { schema, graphiql } = options;
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: graphiql === undefined ? false : graphiqlOptions(graphiql),
    renderGraphiQL: renderGraphiql,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    logging: false,
    // Yoga is handed no body; it was bounded while it was read.
    maxRequestBodySize: false,
    maskedErrors: { maskError: createErrorMask(options.log) },
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: createDocumentCache() },
    context: ({ caller, record }) => {
      if (caller === undefined) throw new TypeError('An operation was about to run without a caller.');
      return options.contextFor(caller, record.shown);
    },
    plugins: [
      useOurEngine(),
      useReadParams(),
      useOperationRecord(),
      useRetryAfter(),
      useOneMoneyMutation(options.isMoneyMoving),
      useVariableInputs(),
    ],
  });

  return async ({ incoming, body, caller, record }) => {
    // Only the query string is the caller's: neither Host nor an absolute request target counts.
    const url = `http://service/graphql${queryOf(incoming.url ?? '')}`;
    // The answer to HEAD is that to GET; its body is left out where it is written.
    const method = incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? 'GET');
    const init = { method, headers: headersOf(incoming) };
    const source = { incoming: { method, url: incoming.url }, body };
    const read =
      caller && readRequestParams({ ...source, holder: caller.viewer.merchantId }, options.persisted);
    const response = await yoga.fetch(url, init, { caller, record, read });
    const text = await response.text();
    if (text === '' && response.status >= 400) return explain(response.status);
    const { retryAfterSeconds } = record;
    const headers = {
      ...Object.fromEntries(response.headers),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    };
    return { status: response.status, headers, body: text };
  };
}

/** The reference executor, and our bounds in parsing and validation. */
function useOurEngine(): ServerPlugin {
  return {
    onParse: ({ setParseFn }) => setParseFn(parseWithinLimits),
    onValidate: ({ setValidationFn }) => setValidationFn(validateDocument),
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
  };
}

function queryOf(target: string): string {
  const start = target.indexOf('?');
  return start < 0 ? '' : target.slice(start);
}

/** The one header that Yoga reads; the others, the key among them, end here. */
const headersOf = ({ headers: { accept } }: IncomingMessage): Record<string, string> =>
  accept === undefined ? {} : { accept };

/** Yoga answers these with an empty body. */
function explain(status: number): Answer {
  if (status === 406)
    return errorAnswer(
      status,
      'NOT_ACCEPTABLE',
      'Accept application/graphql-response+json or application/json.',
    );
  return errorAnswer(status, 'BAD_REQUEST', 'This request cannot be answered.');
}
