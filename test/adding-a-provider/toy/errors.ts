import { failure } from '../../../src/providers/failure.ts';
import type { Failure } from '../../../src/errors.ts';
import type { WireResult } from '../../../src/providers/http.ts';
import { retryAfterMs } from '../../../src/providers/http/retry-after.ts';
import type { Evidence, SendOutcome } from '../../../src/providers/provider.ts';
import { readAs } from '../../../src/providers/read-json.ts';
import { wireError } from './wire.ts';

export type Verdict =
  | { readonly kind: 'done'; readonly text: string }
  | Exclude<SendOutcome, { kind: 'accepted' }>;

const denied = failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', 'Toy Bank refused the token of this account.');
const tooFast = failure('RATE_LIMITED', 'WAIT', 'Toy Bank takes no more requests at the moment.');
const busy = failure('ANOTHER_OPERATION_IN_PROGRESS', 'WAIT', 'Toy Bank is busy with this payment.');
const unclear = failure('UNKNOWN_OUTCOME', 'WAIT', 'Toy Bank gave no clear answer. It is being found out.');
const unreachable = failure('PROVIDER_UNAVAILABLE', 'WAIT', 'Toy Bank gave no usable answer.');

/** Why a refund is refused, by the bank's own code; any other code of a refusal is told as it is. */
const reasons: ReadonlyMap<string, Failure> = new Map([
  ['no_such_payment', failure('PAYMENT_NOT_FOUND', 'NEVER', 'Toy Bank does not know this payment.')],
  ['not_paid', failure('PAYMENT_NOT_REFUNDABLE', 'NEVER', 'This payment is not paid.')],
  ['too_much', failure('AMOUNT_EXCEEDS_REFUNDABLE', 'NEVER', 'More than what is left of the payment.')],
]);
const rejected = failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', 'Toy Bank refused this refund.');

export function verdictOf(result: WireResult, now: Date): Verdict {
  if (result.kind === 'not-sent')
    return { kind: 'not-sent', failure: unreachable, evidence: { transport: result.reason } };
  if (result.kind === 'lost') return unknown({ transport: result.reason });
  const { status, text } = result;
  if (status === 200 || status === 201) return { kind: 'done', text };
  const code = readAs(wireError, text)?.error.code;
  const evidence = { httpStatus: status, errorCode: code ?? null };
  if (code === undefined || status > 499) return unknown(evidence);
  const put = { kind: 'deferred', retryAfterMs: retryAfterMs(result.headers, now), evidence } as const;
  if (status === 401) return { ...put, failure: { ...denied, providerCode: code } };
  if (status === 429) return { ...put, failure: { ...tooFast, providerCode: code } };
  if (code === 'busy') return { ...put, failure: { ...busy, providerCode: code } };
  if (code === 'key_taken') return { ...unknown(evidence), isKeyConflict: true };
  if (status !== 404 && status !== 422) return unknown(evidence);
  return { kind: 'refused', failure: { ...(reasons.get(code) ?? rejected), providerCode: code }, evidence };
}

export const unknown = (evidence: Evidence) => ({ kind: 'unknown', failure: unclear, evidence }) as const;

/** Whether a GET was answered by the bank itself with "there is none". */
export const saysAbsent = (result: WireResult): boolean =>
  result.kind === 'answer' && result.status === 404 && readAs(wireError, result.text) !== undefined;

export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer' || readAs(wireError, result.text) === undefined) return unreachable;
  if (result.status === 401) return denied;
  return result.status === 429 ? tooFast : unreachable;
}
