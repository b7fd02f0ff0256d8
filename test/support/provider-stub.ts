import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { childEnvironment } from './child-environment.ts';

/** The provider of the bench that takes every refund at once, as a process; `stop` ends it. */
export async function startProviderStub(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const script = path.resolve(import.meta.dirname, '../../bench/provider-stub.ts');
  const child = spawn(process.execPath, [script], {
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return {
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
