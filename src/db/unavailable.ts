/**
 * SQLSTATE classes and codes that say "not now" and nothing about the statement (PostgreSQL manual, appendix
 * A): connection exceptions, insufficient resources, operator intervention, a server that does not let us in
 * (28, 3D000, 55000), read-only transactions (a failover), time limits (57014, 25P03, 25P04), locks that were not to
 * be had, serialization failures, deadlocks, and errors of the system under the server (58: its disk).
 */
const SQLSTATES =
  /^(08...|28...|53...|57P0[1-5]|3D000|55000|57014|25006|25P0[34]|4000[13]|40P01|55P03|58000|58030)$/;

const ERRNOS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Errors of pg and pg-pool that carry no code. */
const MESSAGES: readonly RegExp[] = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect$/,
  /^Client (has encountered a connection error|was closed) and is not queryable/,
  /^Cannot use a pool after calling end/,
  /^Query read timeout$/,
];

/**
 * True for an error of the database that is not the statement's fault: the same request may work a moment
 * later, and whether a transaction committed is then found out by its idempotency key.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') {
    if (SQLSTATES.test(error.code) || isOutdatedPlan(error)) return true;
    if (ERRNOS.has(error.code) && 'syscall' in error) return true;
  }
  return MESSAGES.some((pattern) => pattern.test(error.message)) || isDatabaseUnavailable(error.cause);
}

/**
 * True when the server says that it kept nothing of the transaction and that the same may work now: it was the victim of
 * a deadlock or a serialization failure, or met a table that a migration had changed under the session.
 */
export const wasRolledBack = (error: unknown): boolean =>
  sqlStateOf(error) === '40001' || sqlStateOf(error) === '40P01' || isOutdatedPlan(error);

/** "cached plan must not change result type": a migration changed a table under this session. */
export const isOutdatedPlan = (error: unknown): boolean =>
  sqlStateOf(error) === '0A000' &&
  error instanceof Error &&
  'routine' in error &&
  error.routine === 'RevalidateCachedQuery';

/** The server takes no writes: it is a replica now, or was made read-only. Another connection may find the primary. */
export const isReadOnly = (error: unknown): boolean => sqlStateOf(error) === '25006';

/** No answer came in the time of `connectDatabase`; the connection is of no use any more. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';

/** This process has closed its own pool: nothing will work again here. */
export const isDatabaseClosed = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Cannot use a pool after calling end');

const sqlStateOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
