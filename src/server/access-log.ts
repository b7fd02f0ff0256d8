import { getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { Viewer } from '../context.ts';
import { newShown, type Shown } from '../resolvers/shown-freshness.ts';
import type { ServerPlugin } from './plugin.ts';

/** What is known about a request when it ends. Filled on its way; never with bodies, variables or keys. */
export interface RequestRecord {
  viewer: Viewer | undefined;
  operationName: string | undefined;
  operationType: string | undefined;
  errorCodes: string[];
  /** Whether the answer has top-level errors, with codes or without. */
  hasErrors: boolean;
  /** What the resolvers have shown. */
  readonly shown: Shown;
  /** After which the same may be asked again, as its errors advise. */
  retryAfterSeconds: number | undefined;
}

export const newRecord = (): RequestRecord => ({
  viewer: undefined,
  operationName: undefined,
  operationType: undefined,
  errorCodes: [],
  hasErrors: false,
  shown: newShown(),
  retryAfterSeconds: undefined,
});

const MAX_NAME_CHARACTERS = 100;
const MAX_CODES = 5;

/** Notes the operation and the codes of its top-level errors for the access log. */
export function useOperationRecord(): ServerPlugin {
  return {
    onExecute({ args }) {
      const operation = getOperationAST(args.document, args.operationName);
      const { record } = args.contextValue;
      record.operationName = operation?.name?.value.slice(0, MAX_NAME_CHARACTERS);
      record.operationType = operation?.operation;
    },
    onResultProcess({ result, serverContext }) {
      const { record } = serverContext;
      if (Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
      record.hasErrors = true;
      for (const { extensions } of result.errors.slice(0, MAX_CODES))
        if (typeof extensions['code'] === 'string') record.errorCodes.push(extensions['code']);
    },
  };
}

export interface AccessLine {
  readonly method: string;
  /** Without the query string, which may hold a whole operation. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** False when the caller went away before the answer was complete. */
  readonly complete: boolean;
}

const QUIET_PATHS: ReadonlySet<string> = new Set(['/live', '/ready', '/metrics']);

/** One line per request. Health checks and scrapes are written at debug level: they would be most of the log. */
export function logAccess(log: Logger, line: AccessLine, record: RequestRecord): void {
  const { viewer, operationName, operationType, errorCodes } = record;
  const fields = {
    ...line,
    durationMs: Math.round(line.durationMs * 10) / 10,
    ...(viewer === undefined ? {} : { merchant: viewer.merchantCode, key: viewer.keyName }),
    ...(operationType === undefined ? {} : { operationType, operationName }),
    ...(errorCodes.length === 0 ? {} : { errorCodes }),
  };
  log[QUIET_PATHS.has(line.path) ? 'debug' : 'info'](fields, 'request');
}
