import { badUserInput } from './request-errors.ts';

const MAX_AGE_SECONDS = 86_400;
const MAX_QUERY_WAIT_MS = 10_000;

/** How fresh a query wants its answer, and how long it waits for that. */
export interface LookArguments {
  readonly maxAgeSeconds?: number | null | undefined;
  readonly waitMs?: number | null | undefined;
}

export interface LookLimits {
  /** Undefined: never ask. */
  readonly maxAgeSeconds: number | undefined;
  /** 0: ask in the background. */
  readonly waitMs: number;
}

/** @throws BAD_USER_INPUT naming the argument */
export function readLookLimits(args: LookArguments, defaultWaitMs: number): LookLimits {
  const maxAgeSeconds = args.maxAgeSeconds ?? undefined;
  const waitMs = args.waitMs ?? defaultWaitMs;
  if (maxAgeSeconds !== undefined && (maxAgeSeconds < 0 || maxAgeSeconds > MAX_AGE_SECONDS))
    throw badUserInput(
      ['maxAgeSeconds'],
      `"maxAgeSeconds" is ${maxAgeSeconds}. Say 0 to ${MAX_AGE_SECONDS}.`,
    );
  if (waitMs < 0 || waitMs > MAX_QUERY_WAIT_MS)
    throw badUserInput(['waitMs'], `"waitMs" is ${waitMs}. Say 0 to ${MAX_QUERY_WAIT_MS}.`);
  return { maxAgeSeconds, waitMs };
}
