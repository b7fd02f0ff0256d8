import { resolve } from 'node:path';
import { isDemoEventsUrl, reportDemoRules } from './demo.ts';
import { withHidden } from './hidden.ts';
import { isHost } from './hosts.ts';
import type { Report } from './problems.ts';
import type { Environment } from './substitute.ts';
import type { DatabaseConfig, LogLevel, ServiceConfig } from './types.ts';

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** The sandbox listens on this many ports from SANDBOX_PORT on (DESIGN section 8). */
const SANDBOX_PORTS = 7;

/** More would be replicas on several machines. */
const MAX_WEB_CONCURRENCY = 64;

/** What the processes of a service may take of the 100 connections of the embedded server; the rest is for commands. */
const EMBEDDED_CONNECTIONS = 90;

/** More than the 35 s that the slowest provider may take: a stop must not cut a refund that is on its way (MONEY 8). */
const MIN_SHUTDOWN_GRACE_MS = 36_000;

export interface ReadEnvironment {
  readonly service: ServiceConfig;
  readonly accountsFile: string | undefined;
  /** Where the demo sends its events; absent: nowhere, or what was given is no such place. */
  readonly demoEventsUrl: string | undefined;
  /** Which operations are executed, and where those that clients may name are. */
  readonly persisted: { readonly mode: 'any' | 'only'; readonly file: string | undefined };
  /** DEMO could not be read, so nothing can be said about what the mode requires. */
  readonly modeUnknown: boolean;
}

/** Reads everything that stands in the environment itself. An empty variable is a mistake, not an absent one. */
export function readEnvironment(env: Environment, report: Report): ReadEnvironment {
  for (const name of VARIABLES) {
    if (env[name] === '') report(name, 'is set but empty; give it a value or unset it');
  }
  const read = reader(env, report);
  const demo = read.flag('DEMO', false);
  const dataDir = resolve(read.text('DATA_DIR') ?? './.data');
  const service: ServiceConfig = {
    host: read.checked('HOST', '127.0.0.1', isHost, 'an IP address or a host name'),
    port: read.integer('PORT', 4000, 0, 65_535),
    database: readDatabase(read.text('DATABASE_URL'), dataDir, report),
    dataDir,
    demo,
    sandboxPort: read.integer('SANDBOX_PORT', 4010, 1, 65_536 - SANDBOX_PORTS),
    logLevel: read.oneOf('LOG_LEVEL', 'info', LOG_LEVELS),
    prepared: read.flag('DB_PREPARED', true),
    poolSize: read.integer('DB_POOL_SIZE', 10, 1, 1000),
    maxInflightRequests: read.integer('MAX_INFLIGHT_REQUESTS', 256, 1, 100_000),
    // In the demo there is no provider that takes long, and tests want to see a forced stop.
    shutdownGraceMs: read.integer('SHUTDOWN_GRACE_MS', 45_000, demo ? 0 : MIN_SHUTDOWN_GRACE_MS, 3_600_000),
    engine: read.flag('ENGINE', true),
    metricsPort:
      read.text('METRICS_PORT') === undefined ? undefined : read.integer('METRICS_PORT', 0, 0, 65_535),
    webConcurrency: read.integer('WEB_CONCURRENCY', 1, 1, MAX_WEB_CONCURRENCY),
  };
  reportConnections(service, report);
  if (service.metricsPort === service.port && service.port !== 0)
    report('METRICS_PORT', `${service.port} is PORT; unset it to have both there`);
  if (demo) {
    reportDemoRules(env, report);
    const { port, sandboxPort } = service;
    if (port >= sandboxPort && port < sandboxPort + SANDBOX_PORTS) {
      const block = `${sandboxPort} to ${sandboxPort + SANDBOX_PORTS - 1}`;
      report('PORT', `${port} is one of the ports of the sandbox (${block}); change PORT or SANDBOX_PORT`);
    }
  }
  const modeUnknown = env['DEMO'] !== undefined && env['DEMO'] !== '0' && env['DEMO'] !== '1';
  const eventsUrl = read.text('DEMO_EVENTS_URL');
  if (!demo && !modeUnknown && eventsUrl !== undefined)
    report('DEMO_EVENTS_URL', 'is for the demo (DEMO=1) only; endpoints stand in the accounts file');
  const demoEventsUrl = eventsUrl !== undefined && isDemoEventsUrl(eventsUrl) ? eventsUrl : undefined;
  const persisted = {
    mode: read.oneOf('PERSISTED_OPERATIONS', 'any', ['any', 'only'] as const),
    file: read.text('PERSISTED_OPERATIONS_FILE'),
  };
  return { service, accountsFile: read.text('ACCOUNTS_FILE'), demoEventsUrl, persisted, modeUnknown };
}

/** The embedded server would refuse connections once there is load, long after the start. */
function reportConnections({ database, webConcurrency = 1, poolSize }: ServiceConfig, report: Report): void {
  const wanted = webConcurrency * poolSize;
  if (database.kind !== 'embedded' || webConcurrency === 1 || wanted <= EMBEDDED_CONNECTIONS) return;
  report(
    'WEB_CONCURRENCY',
    `${webConcurrency} processes with DB_POOL_SIZE=${poolSize} connections each want ${wanted}; ` +
      `of the embedded PostgreSQL they may have ${EMBEDDED_CONNECTIONS}. Lower one of the two, or set DATABASE_URL`,
  );
}

function readDatabase(url: string | undefined, dataDir: string, report: Report): DatabaseConfig {
  if (url === undefined) return { kind: 'embedded', dataDir };
  if (!/^postgres(ql)?:\/\//.test(url) || URL.parse(url) === null) {
    // The value may hold a password and is not repeated.
    report('DATABASE_URL', 'must be a URL such as postgres://user:password@host:5432/database');
  }
  return withHidden({ kind: 'url' as const }, { url });
}

const VARIABLES =
  'PORT HOST DATABASE_URL DATA_DIR ACCOUNTS_FILE DEMO SANDBOX_PORT LOG_LEVEL DB_PREPARED DB_POOL_SIZE MAX_INFLIGHT_REQUESTS SHUTDOWN_GRACE_MS ENGINE METRICS_PORT DEMO_EVENTS_URL PERSISTED_OPERATIONS PERSISTED_OPERATIONS_FILE WEB_CONCURRENCY'.split(
    ' ',
  );

/** One reader per kind of value; each reports and goes on with the default. */
function reader(env: Environment, report: Report) {
  const text = (name: string) => (env[name] === '' ? undefined : env[name]);

  const checked = <Value extends string>(
    name: string,
    preset: Value,
    accepts: (value: string) => value is Value,
    allowed: string,
  ): Value => {
    const value = text(name);
    if (value === undefined) return preset;
    if (accepts(value)) return value;
    report(name, `${JSON.stringify(value)} is not allowed; it must be ${allowed}`);
    return preset;
  };

  const integer = (name: string, preset: number, min: number, max: number): number => {
    const accepts = (value: string): value is string =>
      /^(0|[1-9][0-9]{0,8})$/.test(value) && Number(value) >= min && Number(value) <= max;
    return Number(checked(name, String(preset), accepts, `a whole number from ${min} to ${max}`));
  };

  const oneOf = <Word extends string>(name: string, preset: Word, words: readonly Word[]): Word => {
    const accepts = (value: string): value is Word => words.some((word) => word === value);
    return checked(name, preset, accepts, words.join(', '));
  };

  const flag = (name: string, preset: boolean): boolean =>
    oneOf(name, preset ? '1' : '0', ['0', '1'] as const) === '1';

  return { text, checked, integer, oneOf, flag };
}
