import type { WireError } from './wire.ts';

/**
 * The documented texts for people that decide something, each because nothing else does: the code of nearly every
 * error is `BAD_REQUEST_ERROR` (razorpay.com/docs/errors; refund pages "Create", "Idempotent requests"). A text never
 * makes a refusal of what status or code leave open; it only explains one, or makes one less definite.
 */
export const fragments = {
  /** Either shape of "this key is known": an earlier send of it arrived. */
  keyInProgress: /still in progress/i,
  keyReused: /different request/i,
  /** Not documented for refunds; a lock per payment is possible. */
  busy: /another .*operation is in progress/i,
  /** The list of allowed addresses of the account. */
  accessDenied: /access denied/i,
  /** Of a well-formed, then of a malformed id: 400, never 404. */
  noSuchId: /id provided does not exist|is not a valid id/i,
  noSuchUrl: /requested url was not found/i,
  /** Receipts are unique; the text of a repeated one is not documented. */
  receipt: /receipt/i,
  /** Of a field that is no field. */
  notWanted: /should not be sent/i,
  idempotencyKey: /idempotency key/i,
  tooOld: /more than 6 months old/i,
  balance: /enough balance/i,
  notCaptured: /status should be captured/i,
  fullyRefunded: /fully refunded/i,
  exceeds: /greater than|exceeds/i,
  amount: /must be at least|must be an integer|amount is invalid/i,
  /** Reported for an empty balance in test mode. */
  invalidRequest: /invalid request sent/i,
} as const;

export function says(error: WireError, fragment: keyof typeof fragments): boolean {
  return error.description !== undefined && fragments[fragment].test(error.description);
}
