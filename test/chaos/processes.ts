import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Command {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and standard error of all its lives, one file each. */
  readonly logFile: string;
  /** @param said what this life of it has written to standard output */
  readonly isReady: (said: () => Promise<string>) => Promise<boolean>;
}

/** For so long a process runs before it is killed again, and not for less than its start took. */
const LEAST_LIFE_MS = 3_000;

/**
 * A process that is started again whenever it ends, as a supervisor does. It notes when it ended without being
 * told to: what refuses to start while its database is away is started again, what falls later has failed.
 */
export class Supervised {
  readonly name: string;
  /** How often it was started, killed by the run, and refused to start. */
  readonly counts = { starts: 0, kills: 0, pauses: 0, refusedStarts: 0 };
  /** Ends that nobody had asked for. */
  readonly fallen: string[] = [];
  readonly #command: Command;
  #child: ChildProcess | undefined;
  #logStart = 0;
  #isReady = false;
  #launchedAt = 0;
  #readyAt = 0;
  #ended: Promise<void> = Promise.resolve();
  #isWanted = false;

  constructor(command: Command) {
    this.name = command.name;
    this.#command = command;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and keeps it running; resolves when it is ready. */
  async start(timeoutMs = 60_000): Promise<void> {
    this.#isWanted = true;
    this.#launch();
    const deadline = performance.now() + timeoutMs;
    while (!(await this.ready())) {
      if (performance.now() > deadline) throw new Error(`${this.name} does not get ready`);
      await sleep(25);
    }
  }

  async ready(): Promise<boolean> {
    const child = this.#child;
    if (this.#isReady || child === undefined) return this.#isReady;
    const from = this.#logStart;
    const said = async (): Promise<string> =>
      (await readFile(this.#command.logFile)).subarray(from).toString('utf8');
    const isReady = await this.#command.isReady(said);
    if (isReady && this.#child === child) {
      this.#isReady = true;
      this.#readyAt = performance.now();
    }
    return this.#isReady;
  }

  /**
   * SIGKILL; it is started again after `downMs`.
   *
   * @returns false when it is starting or has just started: on a slow machine it would do nothing else
   */
  async kill(downMs: number): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || !this.#isWanted || !this.#isReady) return false;
    const tookMs = this.#readyAt - this.#launchedAt;
    if (performance.now() - this.#readyAt < Math.max(LEAST_LIFE_MS, tookMs)) return false;
    this.#isWanted = false;
    this.counts.kills += 1;
    child.kill('SIGKILL');
    await this.#ended;
    await sleep(downMs);
    if (this.#isStopped) return true;
    this.#isWanted = true;
    this.#launch();
    return true;
  }

  /** SIGSTOP, and SIGCONT after a while. */
  async pause(forMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.counts.pauses += 1;
    child.kill('SIGSTOP');
    await sleep(forMs);
    child.kill('SIGCONT');
  }

  #isStopped = false;

  /** Ends it in order; SIGKILL after the grace. @returns its exit code or signal */
  async stop(graceMs = 50_000): Promise<number | string | undefined> {
    this.#isStopped = true;
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return undefined;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.#ended;
    clearTimeout(timer);
    return child.exitCode ?? child.signalCode ?? undefined;
  }

  /** Ends it at once, also while it is stopped. */
  destroy(): void {
    this.#isStopped = true;
    this.#isWanted = false;
    this.#child?.kill('SIGKILL');
  }

  #launch(): void {
    const { script, args = [], env, logFile } = this.#command;
    this.#logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    const output = openSync(logFile, 'a', 0o600);
    const errors = openSync(`${logFile}.err`, 'a', 0o600);
    const child = spawn(process.execPath, [path.join(ROOT, script), ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', output, errors],
    });
    closeSync(output);
    closeSync(errors);
    this.counts.starts += 1;
    this.#launchedAt = performance.now();
    this.#isReady = false;
    this.#child = child;
    this.#ended = once(child, 'exit').then(async ([code, signal]: (number | string | null)[]) => {
      this.#child = undefined;
      if (!this.#isWanted) return;
      if (this.#isReady || code !== 1) this.fallen.push(`${this.name} ended with ${code ?? signal}`);
      else this.counts.refusedStarts += 1;
      setTimeout(() => this.#isWanted && this.#launch(), 250).unref();
    });
  }
}

/** Resident memory in MB; undefined where the system does not tell or the process is gone. */
export async function residentMb(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
}
