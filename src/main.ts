import { ConfigError } from './config.ts';
import { isDatabaseUnavailable } from './db/unavailable.ts';
import { commands, isCommand, USAGE } from './commands/commands.ts';

/** `node src/main.ts [command]`: runs a command and ends with its exit code. Without one it serves. */
async function main(args: readonly string[]): Promise<number> {
  const [name = 'serve', ...rest] = args;
  if (!isCommand(name)) {
    process.stderr.write(`Unknown command "${name}".\n\n${USAGE}`);
    return 2;
  }
  try {
    return await commands[name](rest);
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    return 1;
  }
}

/** Errors that were made for the person who starts the service need no stack. */
const PLAIN: ReadonlySet<string> = new Set([
  'EmbeddedPostgresError',
  'WrongInstallationError',
  'SandboxError',
]);

function describe(error: unknown): string {
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

process.exitCode = await main(process.argv.slice(2));
