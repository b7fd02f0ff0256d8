import type { IncomingMessage } from 'node:http';
import { execute, type GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';
import type { Caller } from '../refunds/world.ts';
import { useOperationRecord, type RequestRecord } from './access-log.ts';
import { errorAnswer, type Answer } from './answer.ts';
import { createDocumentCache } from './document-cache.ts';
import { parseWithinLimits } from './document-limits.ts';
import { graphiqlOptions, renderGraphiql, type GraphiqlSetup } from './graphiql.ts';
import { validateDocument } from './literal-inputs.ts';
import { createErrorMask } from './masked-errors.ts';
import { useOneMoneyMutation, type IsMoneyMoving } from './money-mutations.ts';
import type { ServerContext, ServerPlugin } from './plugin.ts';
import { useParsingErrors } from './request-parsing.ts';
import { useVariableInputs } from './variable-inputs.ts';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  readonly isMoneyMoving: IsMoneyMoving;
  readonly metrics: Pick<Metrics, 'documentRead'>;
  /** The context of the resolvers for one operation. */
  readonly contextFor: (caller: Caller) => object;
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
    // The body was bounded while it was read.
    maxRequestBodySize: false,
    maskedErrors: { maskError: createErrorMask(options.log) },
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: createDocumentCache() },
    context: ({ caller }) => {
      if (caller === undefined) throw new TypeError('An operation was about to run without a caller.');
      return options.contextFor(caller);
    },
    plugins: [
      useOurEngine(options.metrics),
      useParsingErrors(),
      useOperationRecord(),
      useOneMoneyMutation(options.isMoneyMoving),
      useVariableInputs(),
    ],
  });

  return async ({ incoming, body, caller, record }) => {
    // Only the query string is the caller's: neither Host nor an absolute request target counts.
    const url = `http://service/graphql${queryOf(incoming.url ?? '')}`;
    const init = { method: incoming.method ?? 'GET', headers: headersOf(incoming) };
    const response = await yoga.fetch(
      url,
      body === undefined ? init : { ...init, body: body.toString('utf8') },
      { caller, record },
    );
    const text = await response.text();
    if (text === '' && response.status >= 400) return explain(response.status);
    return { status: response.status, headers: Object.fromEntries(response.headers), body: text };
  };
}

/** The reference executor, and our bounds in parsing and validation, which a kept document has passed. */
function useOurEngine(metrics: Pick<Metrics, 'documentRead'>): ServerPlugin {
  const parse: typeof parseWithinLimits = (text) => {
    metrics.documentRead('parsed');
    return parseWithinLimits(text);
  };
  const validate: typeof validateDocument = (schema, document) => {
    metrics.documentRead('validated');
    return validateDocument(schema, document);
  };
  return {
    onParse: ({ setParseFn }) => setParseFn(parse),
    onValidate: ({ setValidationFn }) => setValidationFn(validate),
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
  };
}

function queryOf(target: string): string {
  const start = target.indexOf('?');
  return start < 0 ? '' : target.slice(start);
}

/**
 * Headers that Yoga reads; the others, the key among them, end here. A body is always JSON to it: Yoga would
 * execute forms and plain GraphQL too, which a web page can send without the browser asking first.
 */
const headersOf = ({ headers: { accept } }: IncomingMessage): Record<string, string> => ({
  'content-type': 'application/json',
  ...(accept !== undefined && { accept }),
});

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
