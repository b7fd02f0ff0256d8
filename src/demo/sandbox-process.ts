import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { providers } from '../providers/registry.ts';
import { isProcessOf, stopProcess } from './processes.ts';

/** Started by its path and never imported: a simulator that shares code with an adapter proves nothing. */
const SCRIPT = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 25;
const ASK_TIMEOUT_MS = 1_000;

/** The providers' simulators, as a process of their own. */
export interface SandboxProcess {
  /** Of its control API. */
  readonly url: string;
  /** False when it was running already. */
  readonly started: boolean;
  /** Stops the process when this service, or one before it on the same data directory, has started it. */
  stop(): Promise<void>;
}

export interface SandboxOptions {
  readonly port: number;
  /** Where its webhooks go once they are switched on, with `{account}` for the code of the account. */
  readonly webhookUrl: string | undefined;
  readonly dataDir: string;
  readonly log: Logger;
}

/** The sandbox cannot be used; the message says why. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}

/**
 * Uses the sandbox that answers at the port, or starts one in a process group of its own: Ctrl-C in a
 * terminal and a kill -9 of the service leave it alone, and the next service finds it. Its output goes to
 * `sandbox.log` in the data directory, its state to `sandbox.journal`. The data directory must be the caller's
 * alone: what an earlier service left running there at another port is stopped.
 *
 * @throws SandboxError
 */
export async function startSandbox({
  port,
  dataDir,
  webhookUrl,
  log,
}: SandboxOptions): Promise<SandboxProcess> {
  const url = `http://127.0.0.1:${port}`;
  const pidFile = path.join(dataDir, 'sandbox.pid');
  const ours = await findOurs(pidFile);
  if (await answers(url)) {
    log.info({ url, pid: ours }, 'using the sandbox that is running');
    const stop = () => (ours === undefined ? Promise.resolve() : stopOurs(ours, pidFile));
    return { url, started: false, stop };
  }
  if (ours !== undefined) {
    // A service that died has left it at another port, and two cannot share a journal.
    log.info({ pid: ours }, 'stopping the sandbox that an earlier service has left behind');
    await stopOurs(ours, pidFile);
  }

  await mkdir(dataDir, { recursive: true, mode: process.geteuid?.() === 0 ? 0o711 : 0o700 });
  const logFile = path.join(dataDir, 'sandbox.log');
  const child = await launch(port, dataDir, webhookUrl, logFile);
  const { pid } = child;
  if (pid === undefined) throw new SandboxError('The sandbox could not be started.');
  await writeFile(pidFile, String(pid));
  try {
    await untilItAnswers(child, url, logFile);
  } catch (error) {
    await stopOurs(pid, pidFile);
    throw error;
  }
  log.info({ url, pid }, 'sandbox started');
  return { url, started: true, stop: () => stopOurs(pid, pidFile) };
}

async function launch(
  port: number,
  dataDir: string,
  webhookUrl: string | undefined,
  logFile: string,
): Promise<ChildProcess> {
  const output = await open(logFile, 'w');
  try {
    const child = spawn(process.execPath, [SCRIPT], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      env: {
        ...process.env,
        SANDBOX_PORT: String(port),
        SANDBOX_JOURNAL: path.join(dataDir, 'sandbox.journal'),
        ...(webhookUrl !== undefined && { SANDBOX_WEBHOOK_URL: webhookUrl }),
      },
    });
    child.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    await output.close();
  }
}

async function untilItAnswers(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      const said = (await readFile(logFile, 'utf8').catch(() => '')).trim().slice(-1_000);
      throw new SandboxError(`The sandbox does not start at ${url}. It says: ${said || 'nothing'}`);
    }
    await delay(POLL_MS);
  }
}

/** Whether a sandbox with all our providers answers there, and not something else that happens to use the port. */
async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/control/credentials`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const credentials: unknown = await answer.json();
    if (!answer.ok || typeof credentials !== 'object' || credentials === null) return false;
    return providers.every(({ code }) => code in credentials);
  } catch {
    return false;
  }
}

/** The sandbox that a service on this data directory has started, if it runs. */
async function findOurs(pidFile: string): Promise<number | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const pid = Number(text);
  return (await isProcessOf(pid, SCRIPT)) ? pid : undefined;
}

async function stopOurs(pid: number, pidFile: string): Promise<void> {
  await stopProcess(pid);
  await rm(pidFile, { force: true });
}
