import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cores, Core } from './cores.ts';

/** A Node process of the bench. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** What it wrote to standard output and standard error. */
  output(): string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly core: Core;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Where its output goes. Absent: to us, which costs the core that PostgreSQL is on. */
  readonly outputFile?: string;
  /** Whether the two talk by messages. */
  readonly ipc?: boolean;
}

const living = new Set<Child>();

/** Starts a script of this repository with nothing of our environment but PATH. */
export function startChild(
  cores: Cores,
  script: string,
  args: readonly string[],
  options: ChildOptions,
): Child {
  const file = path.resolve(import.meta.dirname, '..', script);
  const nodeArgs = [...(options.nodeArgs ?? []), file, ...args];
  const { command, args: all } = cores.on(options.core, process.execPath, nodeArgs);
  const { outputFile } = options;
  const target = outputFile === undefined ? 'pipe' : openSync(outputFile, 'w');
  const started = spawn(command, all, {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', target, target, ...(options.ipc === true ? (['ipc'] as const) : [])],
  });
  if (typeof target === 'number') closeSync(target);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  started.stdout?.on('data', keep);
  started.stderr?.on('data', keep);
  const exit = once(started, 'exit');
  const child: Child = {
    pid: started.pid!,
    process: started,
    output: () => (outputFile === undefined ? output : readFileSync(outputFile, 'utf8').slice(-5_000)),
    async stop() {
      living.delete(child);
      if (started.exitCode !== null || started.signalCode !== null) return;
      started.kill('SIGTERM');
      await exit;
    },
  };
  living.add(child);
  return child;
}

const directories = new Set<string>();

/** A directory that is gone at the end of the run. */
export async function temporaryDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), `refund-bench-${name}-`));
  directories.add(directory);
  return directory;
}

/** Ends whatever is still running, also in an interrupted run. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...living].map((child) => child.stop()));
}

export async function removeDirectories(): Promise<void> {
  await Promise.all([...directories].map((directory) => rm(directory, { recursive: true, force: true })));
}

/** Waits for a line of JSON on standard output that has the field. */
export async function lineWith(child: Child, field: string): Promise<Record<string, unknown>> {
  for (;;) {
    for (const line of child.output().split('\n').slice(0, -1)) {
      const fields = parse(line);
      if (fields !== undefined && field in fields) return fields;
    }
    if (child.process.exitCode !== null) throw new Error(`a process of the bench ended: ${child.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
