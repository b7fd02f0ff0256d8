import { safeText } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { WireResult } from '../http.ts';
import type { Evidence } from '../provider.ts';
import { type WireError, readError } from './wire.ts';

/** What an answer means before anything else is known: by HTTP status, then by type and code of the error. */
export type Verdict =
  /** 2xx; whether it can be read is the caller's business. */
  | { readonly kind: 'done'; readonly text: string; readonly evidence: Evidence }
  /** A definite no to this request; why, the state of the payment tells (classify-refusal.ts). */
  | { readonly kind: 'refused'; readonly error: WireError; readonly evidence: Evidence }
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

/** What operators may see of a message, in characters. */
const MAX_MESSAGE = 200;

/** A 4xx that does not say "not executed": a timeout, an earlier send of the key that still runs, a replay too early. */
const openStatuses: ReadonlySet<number> = new Set([408, 409, 425]);

/** The key is held by another request with it (docs.stripe.com/error-codes), which may be a send of ours. */
const RUNNING = 'idempotency_key_in_use';

/** Something else holds the object: the request did not begin (docs.stripe.com/rate-limits, "Object lock timeouts"). */
const LOCKED = 'lock_timeout';

/** Words for "this key may not", whatever the status (docs.stripe.com/error-codes). */
const deniedCodes: ReadonlySet<string> = new Set([
  'api_key_expired',
  'platform_api_key_expired',
  'secret_key_required',
]);

/** The meaning of what became of a POST. `now` is for a Retry-After that is a date. */
export function verdictOf(result: WireResult, now: Date): Verdict {
  if (result.kind === 'not-sent') {
    const evidence = { transport: result.reason };
    return { kind: 'not-sent', failure: unavailable('Nothing was sent to Stripe.'), evidence };
  }
  if (result.kind === 'lost') return unknown(null, { transport: result.reason });
  const { status } = result;
  if (isSuccess(status)) return { kind: 'done', text: result.text, evidence: evidenceOf(result, undefined) };

  const error = readError(result.text);
  const code = error?.code ?? null;
  const evidence = evidenceOf(result, error);
  // Without Stripe's own error it may be the word of something in between, which had passed the request on; and an
  // `api_error` is a problem of theirs that says nothing about what was executed.
  if (status < 400 || status > 499 || error === undefined || error.type === 'api_error')
    return unknown(code, evidence);
  // Before the type, which may be the same as of a key with other data: this one may be sent again.
  if (openStatuses.has(status) || code === RUNNING) return unknown(code, evidence);
  if (error.type === 'idempotency_error') {
    const message = 'Stripe already knows this key with other data. Its refunds have to be looked through.';
    return {
      kind: 'unknown',
      failure: failure('UNKNOWN_OUTCOME', 'ASK_A_HUMAN', message, code),
      evidence,
      isKeyConflict: true,
    };
  }
  if (isDenied(status, error)) return deferred(authenticationFailed(code), null, evidence);
  if (code === LOCKED || status === 429 || code === 'rate_limit') {
    const waitMs = believedMs(retryAfterMs(result.headers, now));
    return deferred(code === LOCKED ? locked(code) : rateLimited(code), waitMs, evidence);
  }
  return { kind: 'refused', error, evidence };
}

/** A 2xx that cannot be read, or that speaks about something else: it may have been executed. */
export function unreadable(evidence: Evidence): Verdict & { kind: 'unknown' } {
  return unknown(null, { ...evidence, readable: false });
}

function unknown(providerCode: string | null, evidence: Evidence): Verdict & { readonly kind: 'unknown' } {
  const message = 'Stripe gave no clear answer; the money may have moved. It is being found out.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'WAIT', message, providerCode), evidence };
}

const deferred = (reason: Failure, waitMs: number | null, evidence: Evidence): Verdict => ({
  kind: 'deferred',
  failure: reason,
  retryAfterMs: waitMs,
  evidence,
});

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

const isDenied = (status: number, { code }: WireError): boolean =>
  status === 401 || status === 403 || (code !== undefined && deniedCodes.has(code));

/** Whether a GET was answered with Stripe's "there is no such object". A cursor that is not there says nothing of that. */
export function saysAbsent(result: WireResult): boolean {
  if (result.kind !== 'answer' || result.status !== 404) return false;
  const error = readError(result.text);
  return error?.code === 'resource_missing' && error.param !== 'starting_after';
}

/** Why a GET told nothing. */
export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer') return unavailable('Stripe could not be reached or did not answer in time.');
  const { status } = result;
  const error = readError(result.text);
  const code = error?.code ?? null;
  if (error !== undefined && isDenied(status, error)) return authenticationFailed(code);
  if (status === 429) return rateLimited(code);
  return unavailable(`Stripe gave no usable answer (HTTP ${status}).`, code);
}

export function unavailable(message: string, providerCode: string | null = null): Failure {
  return failure('PROVIDER_UNAVAILABLE', 'WAIT', message, providerCode);
}

function authenticationFailed(providerCode: string | null): Failure {
  const message = 'Stripe refused the API key of this account, or it lacks a permission.';
  return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message, providerCode);
}

function rateLimited(providerCode: string | null): Failure {
  return failure('RATE_LIMITED', 'WAIT', 'Stripe takes no more requests at the moment.', providerCode);
}

function locked(providerCode: string | null): Failure {
  const message = 'Another operation on this payment is not finished yet.';
  return failure('ANOTHER_OPERATION_IN_PROGRESS', 'WAIT', message, providerCode);
}

const SAFE_REQUEST_ID = /^req_\w{1,64}$/;

function evidenceOf(
  { status, headers }: WireResult & { kind: 'answer' },
  error: WireError | undefined,
): Evidence {
  const requestId = headers['request-id'] ?? '';
  return {
    httpStatus: status,
    ...(SAFE_REQUEST_ID.test(requestId) ? { requestId } : {}),
    // The stored answer to an earlier send of the key.
    ...(headers['idempotent-replayed'] === 'true' ? { replayed: true } : {}),
    ...(error === undefined ? {} : { errorType: error.type }),
    ...(error?.code === undefined ? {} : { errorCode: error.code }),
    ...(error?.param === undefined ? {} : { errorParameter: error.param }),
    // What is said about a refused key quotes parts of it.
    ...(error?.message === undefined || isDenied(status, error)
      ? {}
      : { errorMessage: safeText(error.message, MAX_MESSAGE) }),
  };
}
