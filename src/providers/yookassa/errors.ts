import { readAs, safeText } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { WireResult } from '../http.ts';
import type { Evidence } from '../provider.ts';
import { type WireError, wireError } from './wire.ts';

/**
 * What an answer means before anything else is known: by HTTP status first, since generated clients and edge proxies
 * garble bodies. Texts for people (`description`) are never read.
 */
export type Verdict =
  /** 200; whether it can be read is the caller's business. */
  | { readonly kind: 'done'; readonly text: string; readonly evidence: Evidence }
  /** A definite no to this request; why, the state of the payment tells (classify-refusal.ts). */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly error: WireError;
      readonly evidence: Evidence;
    }
  | {
      readonly kind: 'deferred';
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      readonly evidence: Evidence;
    }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly evidence: Evidence }
  | {
      readonly kind: 'unknown';
      readonly failure: Failure;
      readonly evidence: Evidence;
      readonly isKeyConflict?: true;
    };

/** What operators may see of a description, in characters. */
const MAX_DESCRIPTION = 200;

/** Answers that say "not executed" for good (OpenAPI "HTTP response codes"). */
const definiteRefusals: ReadonlySet<number> = new Set([400, 404, 405, 410, 415]);

/** A code that leaves it open whether the operation was executed, whatever the status. */
const OPEN_CODE = 'internal_server_error';

/** The meaning of what became of a POST. `now` is for a Retry-After that is a date. */
export function verdictOf(result: WireResult, now: Date): Verdict {
  if (result.kind === 'not-sent') {
    const evidence = { transport: result.reason };
    return {
      kind: 'not-sent',
      failure: unavailable('Nothing was sent to YooKassa.'),
      evidence,
    };
  }
  if (result.kind === 'lost') return unknown(null, { transport: result.reason });
  if (result.status === 200) return { kind: 'done', text: result.text, evidence: { httpStatus: 200 } };

  const error = readAs(wireError, result.text) ?? {};
  const code = error.code ?? null;
  const evidence = evidenceOf(result.status, error);
  // Without YooKassa's own error, with its code, it may be the word of something in between, which had passed the
  // request on. (405 and 415 may come without JSON, but they mean a bug of ours: looking does no harm.)
  if (code === null || code === OPEN_CODE) return unknown(code, evidence);
  if (result.status === 401 || result.status === 403) {
    return { kind: 'deferred', failure: authenticationFailed(code), retryAfterMs: null, evidence };
  }
  if (result.status === 429) {
    const waitMs = believedMs(error.retry_after ?? retryAfterMs(result.headers, now));
    return { kind: 'deferred', failure: rateLimited(code), retryAfterMs: waitMs, evidence };
  }
  if (result.status === 400 && error.parameter?.toLowerCase() === 'idempotence-key') {
    // Other data under this key, so an earlier send of it arrived: our bug or a lost intent. No other key is picked.
    const message = 'YooKassa already knows this key with other data. Its refunds have to be looked through.';
    return {
      kind: 'unknown',
      failure: failure('ANOTHER_OPERATION_IN_PROGRESS', 'WAIT', message, code),
      evidence,
      isKeyConflict: true,
    };
  }
  if (definiteRefusals.has(result.status)) return { kind: 'refused', status: result.status, error, evidence };
  // 202 and 5xx by the documentation; everything else is a word that is not known here.
  return unknown(code, evidence);
}

/** A 200 that cannot be read, or that speaks about something else: it may have been executed. */
export function unreadable(evidence: Evidence): Verdict & { kind: 'unknown' } {
  return unknown(null, { ...evidence, readable: false });
}

/**
 * Whether a GET was answered by YooKassa itself with one of these statuses. A page of some proxy with the same status
 * says nothing about what exists there.
 */
export function deniedBy(result: WireResult, ...statuses: readonly number[]): boolean {
  if (result.kind !== 'answer' || !statuses.includes(result.status)) return false;
  return readAs(wireError, result.text)?.code !== undefined;
}

/** Why a GET told nothing. */
export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer')
    return unavailable('YooKassa could not be reached or did not answer in time.');
  const code = readAs(wireError, result.text)?.code ?? null;
  if (result.status === 401 || result.status === 403) return authenticationFailed(code);
  if (result.status === 429) return rateLimited(code);
  return unavailable(`YooKassa gave no usable answer (HTTP ${result.status}).`, code);
}

function unavailable(message: string, providerCode: string | null = null): Failure {
  return failure('PROVIDER_UNAVAILABLE', 'WAIT', message, providerCode);
}

function authenticationFailed(providerCode: string | null): Failure {
  const message = 'YooKassa refused the credentials of this account, or they lack a right.';
  return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message, providerCode);
}

function rateLimited(providerCode: string | null): Failure {
  return failure('RATE_LIMITED', 'WAIT', 'YooKassa takes no more requests at the moment.', providerCode);
}

function unknown(providerCode: string | null, evidence: Evidence): Verdict & { kind: 'unknown' } {
  const message = 'YooKassa gave no clear answer; the money may have moved. It is being found out.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'WAIT', message, providerCode), evidence };
}

function evidenceOf(httpStatus: number, error: WireError): Evidence {
  return {
    httpStatus,
    ...(error.id === undefined ? {} : { errorId: error.id }),
    ...(error.code === undefined ? {} : { errorCode: error.code }),
    ...(error.parameter === undefined ? {} : { errorParameter: error.parameter }),
    ...(error.description === undefined
      ? {}
      : { errorDescription: safeText(error.description, MAX_DESCRIPTION) }),
  };
}
