/**
 * SQLSTATE classes and codes that say "not now" and nothing about the statement (PostgreSQL manual, appendix
 * A): connection exceptions, insufficient resources, operator intervention, a server that does not let us in
 * (28, 3D000, 55000), read-only transactions (a failover), locks that were not to be had, serialization
 * failures and deadlocks.
 */
const SQLSTATES = /^(08...|28...|53...|57P0[1-5]|3D000|55000|57014|25006|25P03|40001|40P01|55P03)$/;

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
  /^Client has encountered a connection error/,
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
    if (SQLSTATES.test(error.code)) return true;
    if (ERRNOS.has(error.code) && 'syscall' in error) return true;
  }
  return MESSAGES.some((pattern) => pattern.test(error.message)) || isDatabaseUnavailable(error.cause);
}
