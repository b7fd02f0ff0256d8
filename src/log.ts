import { pino, type DestinationStream, type Logger } from 'pino';
import { currentLogContext } from './request-context.ts';
import { standardOutput } from './standard-output.ts';

/**
 * Never worth a line in a log. The first defence is not to log them at all: nothing in the service hands
 * bodies, variables, headers or credentials to a logger.
 */
const SECRET_FIELDS = [
  'authorization',
  'body',
  'connectionString',
  'cookie',
  'credentials',
  'headers',
  'password',
  'secret',
  'secretKey',
  'secrets',
  'variables',
];

export interface LogOptions {
  readonly level: string;
  /** Which of several processes of one service this is; absent: it is the only one. */
  readonly process?: number | undefined;
  /** Absent: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * The logger: JSON lines with the time, the level, and the request and refund that they belong to. Errors keep
 * their kind, message, code and stack; a database error's detail, which quotes rows, is left out.
 */
export function createLog(options: LogOptions): Logger {
  return pino(
    {
      level: options.level,
      // Neither process id nor host name: both are the collector's business.
      base: options.process === undefined ? null : { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // A copy: pino adds the fields of the line to what it gets here.
      mixin: () => ({ ...currentLogContext() }),
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
        censor: '[hidden]',
      },
      serializers: { err: describeError },
    },
    options.destination ?? standardOutput(),
  );
}

interface ErrorDescription {
  type: string;
  message: string;
  code?: string;
  constraint?: string;
  stack?: string | undefined;
  cause?: unknown;
}

const MAX_CAUSES = 5;

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const description: ErrorDescription = { type: error.name, message: error.message, stack: error.stack };
  if ('code' in error && typeof error.code === 'string') description.code = error.code;
  if ('constraint' in error && typeof error.constraint === 'string')
    description.constraint = error.constraint;
  if (error.cause !== undefined && depth < MAX_CAUSES)
    description.cause = describeError(error.cause, depth + 1);
  return description;
}

/** Waits until the lines so far are written, at most `ms`: a process must be able to end with nobody reading. */
export async function flushLog(log: Logger, ms = 500): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const flushed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    log.flush(() => resolve());
  });
  await flushed.finally(() => clearTimeout(timer));
}
