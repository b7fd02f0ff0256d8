import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { WireResult } from '../http.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { Evidence, SendOutcome } from '../provider.ts';

/** A connector's own error, as far as it is understood: without its code it may be the word of something in between. */
export interface ConnectorError {
  readonly code: string;
  /** It is the credentials that it objects to. */
  readonly isAboutAccess?: boolean;
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

/** A connector's own error in an answer, or undefined for what it did not write. */
export type ReadError = (text: string, status: number) => ConnectorError | undefined;

/** A 4xx that does not say "not executed": a timeout, a conflict with what may be an earlier send, a replay too early. */
const openStatuses: ReadonlySet<number> = new Set([408, 409, 425]);

/**
 * By HTTP status, with the connector's own error where it is a no. Refused credentials and a rate limit put a send off,
 * also without such an error: whoever says so has not passed the request on. Any other 4xx without one says nothing.
 */
export function verdictOf(result: WireResult, readError: ReadError, now: Date): Verdict {
  if (result.kind === 'not-sent')
    return {
      kind: 'not-sent',
      failure: unavailable('Nothing was sent to the provider.'),
      evidence: { transport: result.reason },
    };
  if (result.kind === 'lost') return unknown(null, { transport: result.reason });
  const { status, text } = result;
  if (status >= 200 && status < 300) return { kind: 'done', status, text, evidence: { httpStatus: status } };
  const error = readError(text, status);
  const code = error?.code ?? null;
  const evidence = { httpStatus: status, ...error?.evidence };
  if (isDenied(status, error)) {
    const denied = authenticationFailed(code);
    return { kind: 'deferred', failure: denied, retryAfterMs: null, evidence };
  }
  if (status === 429) {
    const waitMs = believedMs(retryAfterMs(result.headers, now));
    return { kind: 'deferred', failure: rateLimited(code), retryAfterMs: waitMs, evidence };
  }
  if (error === undefined || status < 400 || status > 499 || openStatuses.has(status))
    return unknown(code, evidence);
  return { kind: 'refused', status, error, evidence };
}

const isDenied = (status: number, error: ConnectorError | undefined): boolean =>
  status === 401 || (status === 403 && (error === undefined || error.isAboutAccess === true));

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
