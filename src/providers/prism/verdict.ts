import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { WireResult } from '../http.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import type { Evidence, SendOutcome } from '../provider.ts';

/** A connector's own error, as far as it is understood: without its code it may be the word of something in between. */
export interface ConnectorError {
  readonly code: string;
  /** Safe facts for operators. */
  readonly evidence: Evidence;
}

/** What an answer to a send means before its body is read. */
export type Verdict =
  | { readonly kind: 'done'; readonly status: number; readonly text: string; readonly evidence: Evidence }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly error: ConnectorError;
      readonly evidence: Evidence;
    }
  | Exclude<SendOutcome, { kind: 'accepted' | 'refused' }>;

/**
 * By HTTP status, with the connector's own error where it is a no. 401 and 403 without it come from its gateway, and put
 * a send off no more than they refuse it: whether it was executed is not known.
 */
export function verdictOf(
  result: WireResult,
  readError: (text: string) => ConnectorError | undefined,
  now: Date,
): Verdict {
  if (result.kind === 'not-sent')
    return {
      kind: 'not-sent',
      failure: unavailable('Nothing was sent to the provider.'),
      evidence: { transport: result.reason },
    };
  if (result.kind === 'lost') return unknown(null, { transport: result.reason });
  const { status, text } = result;
  if (status >= 200 && status < 300) return { kind: 'done', status, text, evidence: { httpStatus: status } };
  const error = readError(text);
  const evidence = { httpStatus: status, ...error?.evidence };
  if (error === undefined || status >= 500 || status < 400) return unknown(error?.code ?? null, evidence);
  if (status === 401)
    return { kind: 'deferred', failure: authenticationFailed(error.code), retryAfterMs: null, evidence };
  if (status === 429)
    return {
      kind: 'deferred',
      failure: rateLimited(error.code),
      retryAfterMs: retryAfterMs(result.headers, now),
      evidence,
    };
  return { kind: 'refused', status, error, evidence };
}

/** Why a GET told nothing. */
export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer')
    return unavailable('The provider could not be reached or did not answer in time.');
  if (result.status === 401 || result.status === 403) return authenticationFailed(null);
  if (result.status === 429) return rateLimited(null);
  return unavailable(`The provider gave no usable answer (HTTP ${result.status}).`);
}

export function unknown(providerCode: string | null, evidence: Evidence): SendOutcome & { kind: 'unknown' } {
  const message = 'The provider gave no clear answer; the money may have moved. It is being found out.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'WAIT', message, providerCode), evidence };
}

export const unavailable = (message: string): Failure => failure('PROVIDER_UNAVAILABLE', 'WAIT', message);

const authenticationFailed = (code: string | null): Failure =>
  failure(
    'AUTHENTICATION_FAILED',
    'ASK_A_HUMAN',
    'The provider refused the credentials of this account.',
    code,
  );

const rateLimited = (code: string | null): Failure =>
  failure('RATE_LIMITED', 'WAIT', 'The provider takes no more requests at the moment.', code);
