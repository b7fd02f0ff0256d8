import { createHash } from 'node:crypto';
import { readJsonFile } from './json-file.ts';
import { isRecord } from './path.ts';
import type { Report } from './problems.ts';
import type { PersistedOperationsConfig } from './types.ts';

const SHA256_PREFIX = 'sha256:';
const SHA256 = /^[0-9a-f]{64}$/;
/** GraphQL over HTTP, appendix "Persisted Documents": a custom identifier, or one of a method of one's own. */
const OTHER_IDENTIFIER = /^(?:x-[A-Za-z0-9._~-]+:)?[A-Za-z0-9._~-]{1,200}$/;

/** An identifier as it is kept: a SHA-256 with its prefix and without is one identifier. */
export const bareIdentifier = (id: string): string =>
  id.startsWith(SHA256_PREFIX) ? id.slice(SHA256_PREFIX.length) : id;

/** Lower-case hexadecimal SHA-256 of a document in UTF-8. */
export const sha256Of = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/**
 * Reads a file of operations by identifier, as the compilers of clients write it: `{"<hash>": "query …"}`. Whether they
 * are operations of the schema is not known here. Undefined without a file.
 */
export function readPersistedOperations(
  file: string | undefined,
  mode: 'any' | 'only',
  report: Report,
): PersistedOperationsConfig | undefined {
  const only = mode === 'only';
  if (file === undefined) {
    if (only) report('PERSISTED_OPERATIONS', 'is "only", so PERSISTED_OPERATIONS_FILE must name them');
    return undefined;
  }
  const json = readJsonFile(file);
  const documents = new Map<string, string>();
  if (!json.ok) report(FILE, json.message);
  else if (!isRecord(json.document) || Array.isArray(json.document))
    report(FILE, 'must be an object of identifiers and documents: {"<hash>": "query …"}');
  else readDocuments(json.document, documents, report);
  return { documents, only };
}

const FILE = 'PERSISTED_OPERATIONS_FILE';

/** Where a problem of one operation is. */
export const placeOfOperation = (id: string): string => `${FILE}: ${JSON.stringify(id)}`;

function readDocuments(
  given: Readonly<Record<string, unknown>>,
  documents: Map<string, string>,
  report: Report,
): void {
  const entries = Object.entries(given);
  if (entries.length === 0) report(FILE, 'has no operation');
  for (const [name, text] of entries) {
    const id = bareIdentifier(name);
    const problem =
      problemOf(name, text) ??
      (documents.has(id) ? 'stands there twice, with and without its prefix' : undefined);
    if (problem !== undefined) report(placeOfOperation(name), problem);
    else documents.set(id, String(text));
  }
}

function problemOf(name: string, text: unknown): string | undefined {
  const id = bareIdentifier(name);
  const isHash = SHA256.test(id);
  if (!isHash && (id !== name || !OTHER_IDENTIFIER.test(name)))
    return 'is no identifier: use the SHA-256 of the text in lower case, or letters, digits and - . _ ~';
  if (typeof text !== 'string') return 'must be the text of a document';
  if (isHash && sha256Of(text) !== id) return 'is not the SHA-256 of its text';
  return undefined;
}
