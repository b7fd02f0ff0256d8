import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** Whether this process runs that script: a number in a file may meanwhile be somebody else's process. */
export async function isProcessOf(pid: number, script: string): Promise<boolean> {
  const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => argumentsByPs(pid));
  return args.includes(script);
}

async function argumentsByPs(pid: number): Promise<string> {
  const asked = promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]);
  return asked.then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** Asks a process to end with SIGTERM, and with SIGKILL when it has not after 5 s. */
export async function stopProcess(pid: number): Promise<void> {
  if (!signal(pid, 'SIGTERM')) return;
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (signal(pid, 0)) {
    if (performance.now() > deadline) {
      signal(pid, 'SIGKILL');
      return;
    }
    await delay(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
