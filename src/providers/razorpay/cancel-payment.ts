import { failure } from '../failure.ts';
import type { WireRequest } from '../http.ts';
import type { VoidOutcome } from '../provider.ts';

/**
 * Razorpay has no call that releases a hold (razorpay.com/docs/api/payments): a payment that is not captured in time is
 * returned by itself. `capabilities.voidAuthorized` says so; nobody who reads it comes here.
 */
const message = 'Razorpay releases a payment that is not captured by itself; there is no call for it.';

export function buildVoid(): WireRequest {
  throw new RangeError(message);
}

/** Sends nothing. */
export function sendVoid(): Promise<VoidOutcome> {
  return Promise.resolve({
    kind: 'refused',
    payment: null,
    failure: failure('PROVIDER_REJECTED', 'NEVER', message),
    evidence: { sent: false },
  });
}
