import type { Failure } from '../../errors.ts';
import { failure } from '../failure.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { WireResult } from '../http.ts';
import type { Evidence } from '../provider.ts';
import { safeText } from '../read-json.ts';
import { readError, type WireError } from './wire.ts';

/** What an answer to a POST means before anything else is known. */
export type Verdict =
  /** 2xx; whether it can be read is the caller's business. */
  | { readonly kind: 'done'; readonly text: string; readonly evidence: Evidence }
  /** A definite no to this request; why, the state of the order tells (classify-refusal.ts). */
  | { readonly kind: 'refused'; readonly error: WireError; readonly evidence: Evidence }
  /** 404 that the provider may not have written: a no only if the order is not there either. */
  | { readonly kind: 'nowhere'; readonly evidence: Evidence }
  /** Our external id is known: what it names has to be read. */
  | { readonly kind: 'exists'; readonly evidence: Evidence }
  /** An operation of the order is running; perhaps ours. */
  | { readonly kind: 'busy'; readonly evidence: Evidence }
  | {
      readonly kind: 'deferred';
      readonly failure: Failure;
      readonly retryAfterMs: number | null;
      readonly evidence: Evidence;
    }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly evidence: Evidence }
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly evidence: Evidence };

/** The two codes that the documentation names ("Refund an order", "Webhook"). */
const DUPLICATE = 'DUPLICATE_EXTERNAL_OPERATION_ID';
const BUSY = 'ANOTHER_OPERATION_IN_PROGRESS';

/** A 4xx that does not say "not executed": a timeout, a repetition that came too early. */
const openQuestions: ReadonlySet<number> = new Set([408, 425]);

/** What operators may see of a reason, in characters. */
const MAX_REASON = 200;

/**
 * Judged by the body as well as by the HTTP status: a failure may come with HTTP 200, and then its own `code` counts.
 * `now` is for a Retry-After that is a date.
 */
export function verdictOf(result: WireResult, now: Date): Verdict {
  if (result.kind === 'not-sent') {
    const evidence = { transport: result.reason };
    return { kind: 'not-sent', failure: unavailable('Nothing was sent to Yandex Pay.'), evidence };
  }
  if (result.kind === 'lost') return unknown({ transport: result.reason });
  const error = readError(result.text);
  if (error === undefined) {
    const evidence = { httpStatus: result.status };
    if (isSuccess(result.status)) return { kind: 'done', text: result.text, evidence };
    return result.status === 404 ? { kind: 'nowhere', evidence } : unknown(evidence);
  }
  const evidence = evidenceOf(result.status, error);
  if (error.reasonCode === DUPLICATE) return { kind: 'exists', evidence };
  const status = isSuccess(result.status) ? error.code : result.status;
  if (status === undefined || status < 400 || status > 499 || openQuestions.has(status))
    return unknown(evidence, error);
  if (status === 401 || status === 403)
    return { kind: 'deferred', failure: authenticationFailed(error), retryAfterMs: null, evidence };
  if (status === 429) {
    const waitMs = believedMs(retryAfterMs(result.headers, now));
    return { kind: 'deferred', failure: rateLimited(error), retryAfterMs: waitMs, evidence };
  }
  return error.reasonCode === BUSY ? { kind: 'busy', evidence } : { kind: 'refused', error, evidence };
}

/** A 2xx that cannot be read, or that speaks about something else: it may have been executed. */
export function unreadable(evidence: Evidence): Verdict & { kind: 'unknown' } {
  return unknown({ ...evidence, readable: false });
}

export function unknown(evidence: Evidence, error?: WireError): Verdict & { kind: 'unknown' } {
  const message = 'Yandex Pay gave no clear answer; the money may have moved. It is being found out.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'WAIT', message, codeOf(error)), evidence };
}

/** Another operation of the order has to end first. */
export function busy(evidence: Evidence): Verdict & { kind: 'deferred' } {
  const message = 'Another operation on this order is not finished yet.';
  return {
    kind: 'deferred',
    failure: failure('ANOTHER_OPERATION_IN_PROGRESS', 'WAIT', message, BUSY),
    retryAfterMs: null,
    evidence,
  };
}

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/**
 * Why a GET told nothing. That there is no such order or operation is HTTP 404, with a body that is not documented: the
 * caller has seen to that before.
 */
export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer')
    return unavailable('Yandex Pay could not be reached or did not answer in time.');
  const error = readError(result.text);
  const status = isSuccess(result.status) ? (error?.code ?? result.status) : result.status;
  if (status === 401 || status === 403) return authenticationFailed(error);
  if (status === 429) return rateLimited(error);
  return unavailable(`Yandex Pay gave no usable answer (HTTP ${result.status}).`, error);
}

function unavailable(message: string, error?: WireError): Failure {
  return failure('PROVIDER_UNAVAILABLE', 'WAIT', message, codeOf(error));
}

function authenticationFailed(error: WireError | undefined): Failure {
  const message = 'Yandex Pay refused the key of this account.';
  return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message, codeOf(error));
}

function rateLimited(error: WireError | undefined): Failure {
  return failure('RATE_LIMITED', 'WAIT', 'Yandex Pay takes no more requests at the moment.', codeOf(error));
}

const codeOf = (error: WireError | undefined): string | null => error?.reasonCode ?? null;

function evidenceOf(httpStatus: number, { code, reasonCode, reason }: WireError): Evidence {
  return {
    httpStatus,
    ...(code === undefined ? {} : { errorStatus: code }),
    ...(reasonCode === undefined ? {} : { errorCode: reasonCode }),
    ...(reason === undefined ? {} : { errorDescription: safeText(reason, MAX_REASON) }),
  };
}
