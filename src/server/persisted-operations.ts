import { GraphQLError } from 'graphql';
import { bareIdentifier, sha256Of } from '../config/persisted-operations.ts';
import type { LearnedDocuments } from './learned-documents.ts';

/** Documents that a request can name instead of sending their text. */
export interface PersistedOperations {
  /** Given at start, by identifier, without the prefix of a SHA-256; for every merchant. */
  readonly registered: ReadonlyMap<string, string>;
  /** Whether nothing else is executed. */
  readonly only: boolean;
  /** What clients have sent with its SHA-256. */
  readonly learned: LearnedDocuments;
}

export interface DocumentRequest {
  readonly query: string | undefined;
  readonly documentId: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The text of the document that a request sends or names: by `documentId` (GraphQL over HTTP, appendix "Persisted
 * Documents") or by `extensions.persistedQuery` (Apollo's automatic persisted queries). A text that comes with its
 * SHA-256 is kept for its holder, so that the hash alone will do next time, for as long as there is room: a process
 * that does not know it says so, and the client sends the text again.
 *
 * @throws GraphQLError with the codes and messages that Apollo's clients and router use
 */
export function findDocument(
  request: DocumentRequest,
  holder: string,
  { registered, only, learned }: PersistedOperations,
): string {
  const { query } = request;
  const id = identifierOf(request);
  if (id === undefined) {
    if (query === undefined) throw refusal('BAD_REQUEST', 'Must provide query string.', 400, true);
    if (only && !isRegistered(registered, query)) throw notInSafelist();
    return query;
  }
  const known = registered.get(id) ?? (only ? undefined : learned.find(holder, id));
  if (query === undefined) {
    if (known !== undefined) return known;
    throw only ? notInList() : notFound();
  }
  if (known === query) return query;
  if (known !== undefined || sha256Of(query) !== id)
    throw refusal('BAD_REQUEST', 'provided sha does not match query', 400);
  if (only) throw notInSafelist();
  learned.keep(holder, id, query);
  return query;
}

function identifierOf({ documentId, extensions }: DocumentRequest): string | undefined {
  const ours = documentId === undefined ? undefined : bareIdentifier(documentId);
  const apollos = apolloHashOf(extensions?.['persistedQuery']);
  if (ours !== undefined && apollos !== undefined && ours !== apollos)
    throw refusal('BAD_REQUEST', 'documentId and extensions.persistedQuery name two documents.', 400);
  return ours ?? apollos;
}

function apolloHashOf(persistedQuery: unknown): string | undefined {
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  const { version, sha256Hash } = persistedQuery as Readonly<Record<string, unknown>>;
  if (version !== 1) throw refusal('BAD_REQUEST', 'Unsupported persisted query version', 400);
  if (typeof sha256Hash !== 'string')
    throw refusal('BAD_REQUEST', 'extensions.persistedQuery.sha256Hash must be a string.', 400);
  return sha256Hash;
}

const textsOf = new WeakMap<ReadonlyMap<string, string>, ReadonlySet<string>>();

function isRegistered(registered: ReadonlyMap<string, string>, text: string): boolean {
  let texts = textsOf.get(registered);
  if (texts === undefined) textsOf.set(registered, (texts = new Set(registered.values())));
  return texts.has(text);
}

/** Apollo's clients know the message, too, and send the text again. */
const notFound = (): GraphQLError =>
  refusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', 404, true);

const notInList = (): GraphQLError =>
  refusal('PERSISTED_QUERY_NOT_IN_LIST', 'No operation is registered under this identifier.', 404);

const notInSafelist = (): GraphQLError =>
  refusal('QUERY_NOT_IN_SAFELIST', 'Only registered operations are executed here.', 403);

/** `graphqlOnly`: who accepts application/json gets 200, as clients of old expect it. */
const refusal = (code: string, message: string, status: number, graphqlOnly = false): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code, http: { status, ...(graphqlOnly && { spec: true }) } },
  });
