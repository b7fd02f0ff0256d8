/**
 * Why the embedded server is not available:
 * `IN_USE` another service owns this data directory; `UNSUPPORTED_PLATFORM` no server binaries exist for this machine;
 * `BINARIES_MISSING` they exist but are not installed; `INIT_FAILED` the data directory cannot be prepared;
 * `START_FAILED` the server does not start or does not answer.
 */
export type EmbeddedPostgresErrorCode =
  | 'IN_USE'
  | 'UNSUPPORTED_PLATFORM'
  | 'BINARIES_MISSING'
  | 'INIT_FAILED'
  | 'START_FAILED';

/** An embedded server that cannot be used; the message says why and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The errno name of a failed system call (`ENOENT`), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** One line a person can read; the stack stays with `cause`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
