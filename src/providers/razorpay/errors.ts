import { safeText } from '../read-json.ts';
import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import { believedMs, retryAfterMs } from '../http/retry-after.ts';
import type { WireResult } from '../http.ts';
import type { Evidence } from '../provider.ts';
import { says } from './descriptions.ts';
import { type WireError, readError } from './wire.ts';

/** What an answer means before anything else is known: by HTTP status, then by code. */
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

/** What operators may see of a description, in characters. */
const MAX_DESCRIPTION = 200;

/** A 4xx that does not say "not executed": a timeout, a conflict of keys, a replay that came too early. */
const openQuestions: ReadonlySet<number> = new Set([408, 409, 425]);

/** Codes that leave it open whether the bank was asked, whatever the status. */
const openCodes: ReadonlySet<string | undefined> = new Set(['GATEWAY_ERROR', 'SERVER_ERROR']);

/** The meaning of what became of a POST. `now` is for a Retry-After that is a date. */
export function verdictOf(result: WireResult, now: Date): Verdict {
  if (result.kind === 'not-sent') {
    const evidence = { transport: result.reason };
    return { kind: 'not-sent', failure: unavailable('Nothing was sent to Razorpay.'), evidence };
  }
  if (result.kind === 'lost') return unknown(null, { transport: result.reason });
  const { status } = result;
  if (isSuccess(status)) return { kind: 'done', text: result.text, evidence: { httpStatus: status } };

  const error = readError(result.text);
  const code = error?.code ?? null;
  const evidence = evidenceOf(status, error ?? {});
  // Without Razorpay's own error, with its code, it may be the word of something in between, which had passed the
  // request on; and its own 4xx may say that it does not know either.
  if (status < 400 || status > 499 || error?.code === undefined || openCodes.has(error.code))
    return unknown(code, evidence);
  if (status === 401 || status === 403) return denied(code, evidence);
  if (status === 429) {
    // Neither body nor header is documented; it is taken to mean that nothing was done.
    const waitMs = believedMs(retryAfterMs(result.headers, now));
    return { kind: 'deferred', failure: rateLimited(code), retryAfterMs: waitMs, evidence };
  }
  if (says(error, 'keyReused')) {
    const message = 'Razorpay already knows this key with other data. Its refunds have to be looked through.';
    return {
      kind: 'unknown',
      failure: failure('UNKNOWN_OUTCOME', 'ASK_A_HUMAN', message, code),
      evidence,
      isKeyConflict: true,
    };
  }
  if (openQuestions.has(status) || says(error, 'keyInProgress')) return unknown(code, evidence);
  if (says(error, 'accessDenied')) return denied(code, evidence);
  return { kind: 'refused', error, evidence };
}

/** A 2xx that cannot be read, or that speaks about something else: it may have been executed. */
export function unreadable(evidence: Evidence): Verdict & { kind: 'unknown' } {
  return unknown(null, { ...evidence, readable: false });
}

export function unknown(
  providerCode: string | null,
  evidence: Evidence,
): Verdict & { readonly kind: 'unknown' } {
  const message = 'Razorpay gave no clear answer; the money may have moved. It is being found out.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'WAIT', message, providerCode), evidence };
}

/** Not executed, and the account has to be looked at by a person. */
function denied(providerCode: string | null, evidence: Evidence): Verdict & { readonly kind: 'deferred' } {
  return { kind: 'deferred', failure: authenticationFailed(providerCode), retryAfterMs: null, evidence };
}

export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** Whether a GET was answered with Razorpay's "there is no such id": 400 and one of two texts, never 404. */
export function saysAbsent(result: WireResult): boolean {
  if (result.kind !== 'answer' || result.status !== 400) return false;
  const error = readError(result.text);
  return error?.code === 'BAD_REQUEST_ERROR' && says(error, 'noSuchId');
}

/**
 * Why a GET told nothing. What a partner is told about an account that is not linked to it is not documented: our GETs
 * are right, so a 4xx that says nothing else is about the account.
 */
export function readFailure(result: WireResult, asPartner: boolean): Failure {
  if (result.kind !== 'answer')
    return unavailable('Razorpay could not be reached or did not answer in time.');
  const { status } = result;
  const error = readError(result.text);
  const code = error?.code ?? null;
  if (status === 401 || status === 403) return authenticationFailed(code);
  if (status === 429) return rateLimited(code);
  if (status >= 400 && status <= 499 && error !== undefined) {
    const aboutAccount = error.code === 'BAD_REQUEST_ERROR' && !isAboutRequest(error);
    if (says(error, 'accessDenied') || (asPartner && aboutAccount)) return authenticationFailed(code);
  }
  return unavailable(`Razorpay gave no usable answer (HTTP ${status}).`, code);
}

const isAboutRequest = (error: WireError): boolean =>
  error.field !== undefined || says(error, 'noSuchUrl') || says(error, 'noSuchId');

function unavailable(message: string, providerCode: string | null = null): Failure {
  return failure('PROVIDER_UNAVAILABLE', 'WAIT', message, providerCode);
}

function authenticationFailed(providerCode: string | null): Failure {
  const message = 'Razorpay refused the credentials of this account, or they do not reach it.';
  return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message, providerCode);
}

function rateLimited(providerCode: string | null): Failure {
  return failure('RATE_LIMITED', 'WAIT', 'Razorpay takes no more requests at the moment.', providerCode);
}

function evidenceOf(httpStatus: number, { code, field, reason, description }: WireError): Evidence {
  return {
    httpStatus,
    ...(code === undefined ? {} : { errorCode: code }),
    ...(field === undefined ? {} : { errorField: field }),
    ...(reason === undefined ? {} : { errorReason: reason }),
    ...(description === undefined ? {} : { errorDescription: safeText(description, MAX_DESCRIPTION) }),
  };
}
