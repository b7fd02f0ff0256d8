import { ConfigError } from '../config.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';

/** Errors that were made for the person who starts the service need no stack. */
const PLAIN: ReadonlySet<string> = new Set([
  'EmbeddedPostgresError',
  'ProcessError',
  'WrongInstallationError',
  'SandboxError',
]);

/** What a command prints when it fails: one line for a person where the reason is known, else the stack. */
export function describeError(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (PLAIN.has(error.name)) return error.message;
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error)
    return `The port ${String(error.port)} is in use. Stop what uses it, or set PORT to another one.`;
  if (isDatabaseUnavailable(error))
    return `The database cannot be used: ${reasonOf(error)}. Check DATABASE_URL and its server.`;
  if (error.message !== '' && 'code' in error && typeof error.code === 'string')
    return `${error.message} (${error.code})`;
  return error.stack ?? error.message;
}

/** A host with several addresses fails with one error for each of them and no message of its own. */
function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}
