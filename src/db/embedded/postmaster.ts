import { spawn } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isSocket, type Endpoint } from './endpoint.ts';
import { clusterOf, type ServerHome } from './home.ts';
import { isServerOf } from './postmaster-file.ts';
import { serverEnvironment } from './run.ts';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const POLL_MS = 20;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 10_000;

/** A server process that was just started: where it listens and, once it ended, what it said. */
export interface StartedPostmaster {
  pid: number;
  endpoint: Endpoint;
  /** What the server logged on its way out, or undefined while it runs. */
  ended(): Promise<string | undefined>;
}

/**
 * Starts the server in a session of its own, so that neither a Ctrl-C nor the death of the service reaches it.
 * Resolves when the process exists, not when it answers.
 */
export async function spawnPostmaster(options: {
  dataDir: string;
  home: ServerHome;
  endpoint: Endpoint;
  durable: boolean;
}): Promise<StartedPostmaster> {
  const { dataDir, home, endpoint, durable } = options;
  const logFile = path.join(dataDir, 'postgres.log');
  await rotate(logFile);
  const log = await open(logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  const command = home.user.command(path.join(home.binaries.root, 'bin', 'postgres'), [
    '-D',
    clusterOf(home),
    ...serverSettings(endpoint, durable).flatMap((setting) => ['-c', setting]),
  ]);
  const { file, args, ...identity } = command;
  const child = spawn(file, args, {
    ...identity,
    cwd: home.directory,
    env: serverEnvironment(),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  let exited: string | undefined;
  child.on('error', (error) => (exited = error.message));
  child.on('exit', (code, signal) => (exited = `exit code ${code ?? signal}`));
  child.unref();
  await log.close();
  const ended = async (): Promise<string | undefined> =>
    exited === undefined ? undefined : `${await lastWords(logFile, logStart)} (${exited})`;
  return { pid: child.pid ?? -1, endpoint, ended };
}

function serverSettings(endpoint: Endpoint, durable: boolean): string[] {
  const listen = isSocket(endpoint)
    ? ['listen_addresses=', `unix_socket_directories=${endpoint.host}`, 'unix_socket_permissions=0700']
    : [`listen_addresses=${endpoint.host}`, 'unix_socket_directories='];
  return [
    ...listen,
    `port=${endpoint.port}`,
    'max_connections=100',
    'shared_buffers=64MB',
    'timezone=UTC',
    // The log file must hold neither rows nor statements: errors of statements reach the service, which knows what to hide.
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    'log_checkpoints=off',
    `fsync=${durable ? 'on' : 'off'}`,
    `synchronous_commit=${durable ? 'on' : 'off'}`,
    `full_page_writes=${durable ? 'on' : 'off'}`,
  ];
}

/**
 * Stops the server of a cluster and waits until its process is gone: first ends its sessions in order, and after 30 s
 * without them (the next start then recovers from the log). Returns false if it is still there after that.
 */
export async function stopPostmaster(pid: number, pgdata: string): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
  ] as const) {
    if (!(await isServerOf(pid, pgdata))) return true;
    process.kill(pid, signal);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline) {
      if (!(await isServerOf(pid, pgdata))) return true;
      await delay(POLL_MS);
    }
  }
  return false;
}

async function rotate(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => undefined);
  if (found !== undefined && found.size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.1`);
}

async function lastWords(logFile: string, from: number): Promise<string> {
  const handle = await open(logFile, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  const { buffer, bytesRead } = await handle
    .read(Buffer.alloc(16_384), 0, 16_384, from)
    .finally(() => handle.close());
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
  const telling = lines.filter((line) => /FATAL|PANIC|could not|error/i.test(line));
  return (telling.length > 0 ? telling : lines).join(' / ').trim();
}
