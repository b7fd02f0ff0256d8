import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where a process of the bench runs: the server alone on one core, everything else on the other. */
export type Core = 'server' | 'rest' | 'any';

/** How to pin; `notice` says why nothing is pinned, empty where it is. */
export interface Cores {
  readonly notice: string;
  /** A command line that runs `command` on a core. */
  on(core: Core, command: string, args: readonly string[]): { command: string; args: string[] };
}

const numbers: Readonly<Record<Core, string>> = { server: '0', rest: '1', any: '0,1' };

/** Pins this process, and so everything it starts, to the core of the rest. */
export function takeCores(): Cores {
  const notice = whyNot();
  if (notice === '') execFileSync('taskset', ['-a', '-p', '-c', numbers.rest, String(process.pid)]);
  return {
    notice,
    on: (core, command, args) =>
      notice === ''
        ? { command: 'taskset', args: ['-c', numbers[core], command, ...args] }
        : { command, args: [...args] },
  };
}

function whyNot(): string {
  if (availableParallelism() < 2) return 'Only one core: server, PostgreSQL and load share it.';
  try {
    execFileSync('taskset', ['-c', numbers.server, 'true'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'taskset is missing (Debian: util-linux): nothing is pinned to a core, so ratios swing more.';
  }
}
