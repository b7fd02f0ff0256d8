import { z } from 'zod';
import { demoDocument } from '../src/config/demo.ts';
import type { Capabilities } from '../src/providers/provider.ts';
import { providers } from '../src/providers/registry.ts';
import { lineWith, startChild } from './children.ts';
import type { Run } from './run.ts';
import type { BenchAccount } from './service.ts';

const demo = z.object({
  merchants: z.array(
    z.object({
      accounts: z.array(
        z.object({
          code: z.string(),
          provider: z.string(),
          baseUrl: z.string(),
          credentials: z.record(z.string(), z.unknown()),
          options: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});

/** An account of the demo, what its adapter can do, and by which simulator it is played. */
export interface Played extends BenchAccount {
  readonly capabilities: Capabilities;
  readonly simulator: string;
}

/** What a configuration says of the account. */
export const configured = ({
  capabilities: _capabilities,
  simulator: _simulator,
  ...account
}: Played): BenchAccount => account;

/** A request that a simulator has received. */
export interface Logged {
  readonly provider: string;
  readonly account: string | null;
}

/** The sandbox of a measure, with accounts at it. */
export interface PlayedSandbox {
  readonly accounts: readonly Played[];
  /** The control API (docs/sandbox.md): a GET without a body, a POST with one. Throws what it refuses. */
  readonly control: <T>(route: string, body?: unknown) => Promise<T>;
  /** Takes all faults away. */
  readonly clearFaults: () => Promise<void>;
  stop(): Promise<void>;
}

/** Starts the sandbox on the core of the rest, with the accounts of the demo's first merchant at these providers; empty: all. */
export async function startPlayedSandbox(run: Run, only: readonly string[]): Promise<PlayedSandbox> {
  // The accounts of the demo have fixed ports; those below 32768 are given to nobody who asks for any.
  const port = 20_000 + Math.floor(Math.random() * 1_000) * 10;
  const sandbox = startChild(run.cores, 'sandbox/main.ts', [], {
    core: 'rest',
    env: { SANDBOX_PORT: String(port), SANDBOX_SEED: '0' },
  });
  const controlUrl = `${String((await lineWith(sandbox, 'control'))['control'])}/control`;
  const ask = async (route: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(`${controlUrl}/${route}`, init);
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const control = async <T>(route: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await (await ask(route, init)).json()) as T;
  };
  return {
    accounts: playedAccounts(port, await control('credentials'), only),
    control,
    clearFaults: async () => void (await ask('faults', { method: 'DELETE' })),
    stop: () => sandbox.stop(),
  };
}

/** The accounts of the demo's first merchant; who plays one is told by the port. */
function playedAccounts(
  port: number,
  inSandbox: Readonly<Record<string, readonly { readonly account?: string; readonly baseUrl?: string }[]>>,
  only: readonly string[],
): Played[] {
  const simulatorAt = new Map(
    Object.entries(inSandbox).flatMap(([simulator, entries]) =>
      entries.map(({ baseUrl = '' }) => [new URL(baseUrl).port, simulator] as const),
    ),
  );
  const [merchant] = demo.parse(demoDocument(port)).merchants;
  return merchant!.accounts
    .filter(({ provider }) => only.length === 0 || only.includes(provider))
    .map((account) => {
      const provider = providers.find(({ code }) => code === account.provider)!;
      const { settings } = provider;
      const options = settings.options.parse(account.options);
      const { capabilities } = provider.adapterOf(options, settings.credentials.parse(account.credentials));
      return { ...account, capabilities, simulator: simulatorAt.get(new URL(account.baseUrl).port)! };
    });
}
