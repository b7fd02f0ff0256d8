import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { findDocument, type PersistedOperations } from './persisted-operations.ts';

/** What one GraphQL request asks for, its shape checked; the document is not parsed yet. */
export interface RequestParams {
  /** The text of the document, also where the request named it only. */
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

/** `refused`: the request is malformed, or the document that it names is not known; the error is for the caller. */
export type ReadParams =
  | { readonly kind: 'params'; readonly params: RequestParams }
  | { readonly kind: 'refused'; readonly error: GraphQLError };

export interface ParamsSource {
  readonly incoming: { readonly method: IncomingMessage['method']; readonly url: IncomingMessage['url'] };
  /** Absent for GET. */
  readonly body: Buffer | undefined;
  /** Whose persisted operations count: a merchant. */
  readonly holder: string;
}

/**
 * Reads the parameters of a GraphQL request: the query string of a GET, else the body as JSON (GraphQL over HTTP,
 * sections "GET" and "POST"), a persisted document resolved to its text. Never throws.
 */
export function readRequestParams(source: ParamsSource, persisted: PersistedOperations): ReadParams {
  try {
    const given =
      source.incoming.method === 'GET' ? fromQueryString(source.incoming.url ?? '') : fromBody(source.body);
    const { query, documentId, operationName, variables, extensions } = check(given);
    const text = findDocument({ query, documentId, extensions }, source.holder, persisted);
    return { kind: 'params', params: { query: text, operationName, variables, extensions } };
  } catch (error) {
    if (error instanceof GraphQLError) return { kind: 'refused', error };
    throw error;
  }
}

const NAMES = ['query', 'documentId', 'operationName', 'variables', 'extensions'] as const;
type Given = Readonly<Partial<Record<(typeof NAMES)[number], unknown>>>;

/** Other parameters of a query string are not ours; empty ones count as absent. */
function fromQueryString(target: string): Given {
  const start = target.indexOf('?');
  const search = new URLSearchParams(start < 0 ? '' : target.slice(start + 1));
  const json = (name: string): unknown => {
    const text = search.get(name);
    return text === null || text === '' ? undefined : parseJson(text, NO_JSON_PARAMETER);
  };
  return {
    query: search.get('query') || undefined,
    documentId: search.get('documentId') || undefined,
    operationName: search.get('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

function fromBody(body: Buffer | undefined): Given {
  const given = parseJson(body?.toString('utf8') ?? '', 'POST body sent invalid JSON.');
  if (Array.isArray(given)) throw badRequest('Batching is not supported.');
  if (!isObject(given))
    throw badRequest(
      `POST body is expected to be object but received ${given === null ? 'null' : typeof given}`,
    );
  for (const [name, value] of Object.entries(given))
    if (value !== null && !NAMES.some((known) => known === name))
      throw badRequest(`Unexpected parameter ${JSON.stringify(name.slice(0, 100))} in the request body.`);
  return given;
}

function check(given: Given) {
  return {
    query: optional('query', given.query, isString, 'a string'),
    documentId: optional('documentId', given.documentId, isString, 'a string'),
    // The empty name is no name (GraphQL over HTTP, "Request Parameters").
    operationName: optional('operationName', given.operationName, isString, 'a string') || undefined,
    variables: optional('variables', given.variables, isObject, 'an object'),
    extensions: optional('extensions', given.extensions, isObject, 'an object'),
  };
}

function optional<Value>(
  name: string,
  value: unknown,
  accepts: (value: unknown) => value is Value,
  kind: string,
): Value | undefined {
  if (value === undefined || value === null) return undefined;
  if (accepts(value)) return value;
  throw badRequest(`The parameter ${JSON.stringify(name)} must be ${kind}.`);
}

const NO_JSON_PARAMETER = 'The variables or extensions are not valid JSON.';

function parseJson(text: string, complaint: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text.
    throw badRequest(complaint);
  }
}

const isString = (value: unknown): value is string => typeof value === 'string';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No GraphQL request at all: 400 whatever the caller accepts. */
const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
