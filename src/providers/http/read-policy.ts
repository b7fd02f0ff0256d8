import type { WireResult } from '../http.ts';

/** How often one read is tried in all. */
export const MAX_READ_ATTEMPTS = 3;

const FIRST_PAUSE_MS = 100;

/** Reasons of `not-sent` that are our own decision; to ask again at once would only defeat it. */
export const ownDecisions: ReadonlySet<string> = new Set([
  'queue-full',
  'no-slot',
  'closing',
  'may-not-send',
  'circuit-open',
]);

/**
 * The whole retry policy, for reads only: in how many milliseconds to read again, or null to take this result.
 * Sends are never repeated here: whether to send again is a decision about money.
 */
export function readAgainAfterMs(result: WireResult, attempt: number, random: () => number): number | null {
  if (attempt >= MAX_READ_ATTEMPTS) return null;
  switch (result.kind) {
    case 'answer':
      // The edge or the provider had a bad moment. A 4xx is an answer, and to repeat a 429 makes it worse.
      if (result.status < 500) return null;
      break;
    case 'not-sent':
      if (ownDecisions.has(result.reason)) return null;
      break;
    case 'lost':
      // Most often a kept-alive connection that the provider closed just then. Reads change nothing.
      break;
  }
  // Doubling, and spread so that readers that failed together do not come back together.
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random());
}

/**
 * The share of the time left that one attempt may use, in milliseconds: half, so that a connection that died
 * silently does not eat the whole deadline; the last attempt has all the rest.
 */
export function attemptDeadlineMs(leftMs: number, attempt: number): number {
  return attempt >= MAX_READ_ATTEMPTS ? leftMs : leftMs / 2;
}
