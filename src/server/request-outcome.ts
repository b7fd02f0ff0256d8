import type { GraphqlRequest, RequestOutcome } from '../metrics.ts';
import type { AccessLine, RequestRecord } from './access-log.ts';

/** Codes of top-level errors that are no caller's fault. */
const OUR_FAULTS: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'DATABASE_UNAVAILABLE']);

/** One of few words for how a request to `/graphql` ended. Business errors are data: such an answer is `ok`. */
export function requestOutcomeOf(
  { status, complete }: Pick<AccessLine, 'status' | 'complete'>,
  { errorCodes, operationType }: Pick<RequestRecord, 'errorCodes' | 'operationType'>,
): RequestOutcome {
  if (!complete) return 'aborted';
  if (errorCodes.some((code) => OUR_FAULTS.has(code))) return 'failed';
  if (status === 304) return 'not-modified';
  if (status === 401) return 'unauthenticated';
  if (status === 503) return 'overloaded';
  if (status >= 500) return 'failed';
  if (operationType === undefined && (status >= 400 || errorCodes.length > 0)) return 'bad-request';
  return errorCodes.length > 0 ? 'errors' : 'ok';
}

/** `none`: it was never understood as an operation. */
export const requestTypeOf = ({
  operationType,
}: Pick<RequestRecord, 'operationType'>): GraphqlRequest['type'] =>
  operationType === 'query' || operationType === 'mutation' ? operationType : 'none';
