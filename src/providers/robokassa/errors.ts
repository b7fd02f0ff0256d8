import type { Failure } from '../../errors.ts';
import { failure } from '../failure.ts';
import type { WireResult } from '../http.ts';
import type { Evidence, SendOutcome } from '../provider.ts';

export function unavailable(message: string, providerCode: string | null = null): Failure {
  return failure('PROVIDER_UNAVAILABLE', 'WAIT', message, providerCode);
}

export function authenticationFailed(providerCode: string | null = null): Failure {
  const message = 'RoboKassa refused the passwords of this shop, or it lacks access to the refund API.';
  return failure('AUTHENTICATION_FAILED', 'ASK_A_HUMAN', message, providerCode);
}

export function rateLimited(providerCode: string | null = null): Failure {
  return failure('RATE_LIMITED', 'WAIT', 'RoboKassa takes no more requests at the moment.', providerCode);
}

export function rejected(message: string, providerCode: string | null = null): Failure {
  return failure('PROVIDER_REJECTED', 'ASK_A_HUMAN', message, providerCode);
}

/** It may have been executed, and RoboKassa cannot be asked: a person has to find out. */
export function unknown(evidence: Evidence): Extract<SendOutcome, { kind: 'unknown' }> {
  const message = 'RoboKassa gave no clear answer, and cannot be asked; the money may have moved.';
  return { kind: 'unknown', failure: failure('UNKNOWN_OUTCOME', 'ASK_A_HUMAN', message), evidence };
}

/** What became of a send that has no complete answer. */
export function withoutAnswer(
  result: Exclude<WireResult, { kind: 'answer' }>,
): Extract<SendOutcome, { kind: 'not-sent' | 'unknown' }> {
  const evidence = { transport: result.reason };
  if (result.kind === 'lost') return unknown(evidence);
  return { kind: 'not-sent', failure: unavailable('Nothing was sent to RoboKassa.'), evidence };
}

/** Why a read told nothing. */
export function readFailure(result: WireResult): Failure {
  if (result.kind !== 'answer')
    return unavailable('RoboKassa could not be reached or did not answer in time.');
  if (result.status === 429) return rateLimited();
  return unavailable(`RoboKassa gave no usable answer (HTTP ${result.status}).`);
}
