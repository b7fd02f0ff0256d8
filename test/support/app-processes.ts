import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config.ts';
import { childEnvironment } from './child-environment.ts';

/** A service in a process of its own. */
export interface AppProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Resolves when the process has been stopped (SIGSTOP). */
  untilStopped(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  end(): Promise<void>;
}

/** Starts a service and waits until it listens. */
export async function startAppProcess(config: Config, env: Record<string, string> = {}): Promise<AppProcess> {
  const script = path.join(import.meta.dirname, 'app-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(config)], {
    env: { ...childEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const url = new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /"url":"([^"]+)","msg":"listening"/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the service ended with ${String(code)}`)));
  });
  return {
    child,
    url: await url,
    async untilStopped() {
      for (;;) {
        const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
        if (stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'T') return;
        await sleep(10);
      }
    },
    async end() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
