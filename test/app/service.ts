import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment } from '../support/child-environment.ts';
import { removeDataDir } from '../support/service-process.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

export const DEMO_KEY = 'rf_demo_00000000000000000000000000000000';
export const OTHER_KEY = 'rf_demo_11111111111111111111111111111111';

/** Where the services of one test live: a data directory and a block of ports for the sandbox. */
export interface Place {
  readonly dataDir: string;
  readonly sandboxPort: number;
  readonly sandboxUrl: string;
  /** Ends everything that still runs there and removes the directory. */
  remove(): Promise<void>;
}

/** A `node src/main.ts` as a child process. */
export interface Service {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The base URL, as soon as it listens; rejects when the process ends before. */
  url(): Promise<string>;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exit: Promise<number | string>;
}

const started = new Set<ChildProcess>();

/** Runs a command with nothing of this process in its environment but PATH; and what is given. */
export function run(args: readonly string[], env: Record<string, string> = {}, readOutput = true): Service {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...childEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const output = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
  if (readOutput) child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
  const exit = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    started.delete(child);
    return code ?? signal ?? 'unknown';
  });
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit,
    async url() {
      for (;;) {
        const line = /"url":"([^"]+)","msg":"listening"/.exec(output.stdout);
        if (line?.[1] !== undefined) return line[1];
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`ended with ${String(child.exitCode)}: ${output.stderr}${output.stdout}`);
        await delay(10);
      }
    },
  };
}

/** Starts the demo in a place; PORT is a free one. */
export const runDemo = (place: Place, env: Record<string, string> = {}): Service =>
  run(['serve'], { DEMO: '1', PORT: '0', ...environmentOf(place), ...env });

export const environmentOf = ({ dataDir, sandboxPort }: Place): Record<string, string> => ({
  DATA_DIR: dataDir,
  SANDBOX_PORT: String(sandboxPort),
});

export async function createPlace(): Promise<Place> {
  const dataDir = path.join(await realpath(await mkdtemp(path.join(tmpdir(), 'refund-app-'))), 'data');
  const sandboxPort = await freeBlock();
  return {
    dataDir,
    sandboxPort,
    sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    async remove() {
      for (const child of started) child.kill('SIGKILL');
      const pid = await sandboxPid(dataDir);
      if (pid !== undefined) signal(pid, 'SIGKILL');
      await removeDataDir(dataDir);
      await rm(path.dirname(dataDir), { recursive: true, force: true });
    },
  };
}

export async function sandboxPid(dataDir: string): Promise<number | undefined> {
  const text = await readFile(path.join(dataDir, 'sandbox.pid'), 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

/** False when there is no such process. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Sends an operation with a key of the demo. */
export async function graphql(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  key = DEMO_KEY,
): Promise<{ data?: Record<string, unknown> | null; errors?: { extensions: { code: string } }[] }> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()) as Awaited<ReturnType<typeof graphql>>;
}

/** Calls the control API of a place's sandbox. */
export async function control(place: Place, method: string, route: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${place.sandboxUrl}/control/${route}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return answer.json();
}

export const isAnswering = (url: string): Promise<boolean> =>
  fetch(url).then(
    async (answer) => {
      await answer.body?.cancel();
      return true;
    },
    () => false,
  );

/** The first of eight ports in a row that nobody uses now. */
export async function freeBlock(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(Array.from({ length: 8 }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
