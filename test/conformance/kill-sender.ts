import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { FailpointName } from '../../src/failpoints.ts';

/** Where the process ends: at a point of the code, or as soon as the provider has executed what it will never answer. */
export type KillAt = FailpointName | 'while the provider works';

/** What the process is told as JSON. */
export interface SenderTask {
  readonly config: Config;
  /** The distance of the simulated time. */
  readonly offsetSeconds: number;
  readonly account: string;
  readonly paymentId: string;
  readonly key: string;
  readonly amount: { readonly value: string; readonly currency: string };
  /** Packages that it finds in these folders. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Its export `providers` is used instead of the registry. */
  readonly providersModule?: string;
}

const SCRIPT = path.join(import.meta.dirname, 'sender.ts');

/** Runs createRefund in a process of its own, which dies by SIGKILL on the way. */
export async function killSender(
  task: SenderTask,
  at: KillAt,
  hasEffect: () => Promise<boolean>,
): Promise<void> {
  const fromOutside = at === 'while the provider works';
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(task)], {
    env: { PATH: process.env['PATH'] ?? '', ...(fromOutside ? {} : { FAILPOINTS: `${at}:kill` }) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exit = once(child, 'exit');
  try {
    while (fromOutside && child.exitCode === null && !(await hasEffect())) await delay(20);
    if (fromOutside) child.kill('SIGKILL');
    const [code, signal] = (await exit) as [number | null, string | null];
    expect({ code, signal }, `killed at ${at}`).toEqual({ code: null, signal: 'SIGKILL' });
  } finally {
    child.kill('SIGKILL');
  }
}
