import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { ConnectionConfig } from '../../src/db/connect.ts';
import { findLiveServer } from '../../src/db/embedded/postmaster-file.ts';
import type { EmbeddedPostgresOptions } from '../../src/db/embedded/start.ts';
import { childEnvironment } from './child-environment.ts';

export type ServiceEvent =
  | { event: 'ready'; connection: ConnectionConfig; owned: boolean; place: string }
  | { event: 'failed'; code: string; message: string }
  | { event: 'lost'; message: string }
  | { event: 'log'; message: string };

export type Ready = Extract<ServiceEvent, { event: 'ready' }>;
export type Failed = Extract<ServiceEvent, { event: 'failed' }>;

/** A child process that runs the embedded server as the service does. */
export interface ServiceProcess {
  pid: number;
  /** How its start ended. */
  outcome: Promise<Ready | Failed>;
  /** Resolves with the next or an earlier event that fits. */
  waitFor(fits: (event: ServiceEvent) => boolean): Promise<ServiceEvent>;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
}

export type ServiceOptions = Omit<EmbeddedPostgresOptions, 'log'> & { uid?: number; gid?: number };

const running = new Set<ServiceProcess>();

/** Starts a service process on a data directory; `uid` and `gid` drop root's rights first. */
export function startService(options: ServiceOptions, env: NodeJS.ProcessEnv = {}): ServiceProcess {
  const script = path.join(import.meta.dirname, 'embedded-service.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ durable: false, ...options })], {
    env: { ...process.env, ...childEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const events: ServiceEvent[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as ServiceEvent);
    child.emit('reported');
  });
  const waitFor = async (fits: (event: ServiceEvent) => boolean): Promise<ServiceEvent> => {
    for (;;) {
      const found = events.find(fits);
      if (found !== undefined) return found;
      await once(child, 'reported');
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    running.delete(service);
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const service: ServiceProcess = {
    pid: child.pid ?? -1,
    outcome: waitFor(({ event }) => event === 'ready' || event === 'failed') as Promise<Ready | Failed>,
    waitFor,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
  running.add(service);
  return service;
}

/** Starts a service that must become ready. */
export async function startedService(
  options: ServiceOptions,
  env?: NodeJS.ProcessEnv,
): Promise<ServiceProcess & { ready: Ready }> {
  const service = startService(options, env);
  const outcome = await service.outcome;
  if (outcome.event === 'failed') throw new Error(`${outcome.code}: ${outcome.message}`);
  return { ...service, ready: outcome };
}

/** Ends whatever the tests of a file left running and removes their directory, also where its pointer leads. */
export async function removeDataDir(dataDir: string): Promise<void> {
  for (const service of running) await service.kill();
  const pointer = await readFile(path.join(dataDir, 'postgres.location.json'), 'utf8').catch(() => undefined);
  const homes = [dataDir, ...(pointer === undefined ? [] : [(JSON.parse(pointer) as { home: string }).home])];
  for (const home of homes) {
    const pid = await serverPid(home);
    if (pid !== undefined) {
      process.kill(pid, 'SIGQUIT');
      while ((await serverPid(home)) !== undefined) await delay(20);
    }
    await rm(home, { recursive: true, force: true });
  }
}

/** The process of the server whose cluster is in `home`, or undefined when none runs. */
export async function serverPid(home: string): Promise<number | undefined> {
  const real = await realpath(home).catch(() => home);
  return (await findLiveServer(path.join(real, 'postgres')))?.pid;
}

/** Runs one statement on a connection of its own and returns its rows. */
export async function queryOnce(connection: ConnectionConfig, statement: string): Promise<unknown[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows;
  } finally {
    await client.end();
  }
}
