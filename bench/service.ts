import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { startChild, temporaryDirectory, type Child } from './children.ts';
import { heapFlags } from '../src/processes/heap-flags.ts';
import type { Core, Cores } from './cores.ts';

export const apiKey = 'bench-key-that-is-no-secret-0123456789';
/** The same, with the scope `debug`. */
export const debugKey = 'bench-key-that-tells-plans-0123456789';

/** One account of the one merchant of a run. */
export interface BenchAccount {
  readonly code: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ServiceOptions {
  readonly accounts: readonly BenchAccount[];
  /** Absent: the embedded server, in `DATA_DIR` of `env`. */
  readonly databaseUrl?: string;
  readonly core?: Core;
  /** Absent: the service itself, from source. */
  readonly script?: 'dist/main.js' | 'bench/constant-service.ts' | 'bench/counting-service.ts';
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

export interface Service {
  readonly url: string;
  readonly child: Child;
  /** From the start of the process to its first GraphQL answer, in milliseconds. */
  readonly firstAnswerMs: number;
  ask<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  stop(): Promise<void>;
}

/** Starts the service as `npm run serve` does, and waits for its first answer. */
export async function startService(cores: Cores, options: ServiceOptions): Promise<Service> {
  const directory = await temporaryDirectory('service');
  const accountsFile = path.join(directory, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify({ merchants: [merchant(options.accounts)] }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedMs = performance.now();
  const child = startChild(cores, options.script ?? 'src/main.ts', ['serve'], {
    outputFile: path.join(directory, 'output'),
    ipc: options.script === 'bench/counting-service.ts',
    core: options.core ?? 'server',
    nodeArgs: [...heapFlags, ...(options.nodeArgs ?? [])],
    env: {
      PORT: String(port),
      ACCOUNTS_FILE: accountsFile,
      ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
      ...options.env,
    },
  });
  const ask: Service['ask'] = async <Data>(query: string, variables: Record<string, unknown> = {}) => {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data?: Data; errors?: unknown };
    if (errors !== undefined || data === undefined) throw new Error(JSON.stringify(errors));
    return data;
  };
  while (!(await isAnswering(ask))) {
    if (child.process.exitCode !== null) throw new Error(`the service ended: ${child.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const firstAnswerMs = performance.now() - startedMs;
  return {
    url,
    child,
    firstAnswerMs,
    ask,
    stop: () => child.stop(),
  };
}

const isAnswering = (ask: Service['ask']): Promise<boolean> =>
  ask('{ __typename }').then(
    () => true,
    (error: unknown) => {
      // Not listening yet is the only reason to ask again.
      if (error instanceof TypeError) return false;
      throw error;
    },
  );

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

const merchant = (accounts: readonly BenchAccount[]) => ({
  code: 'bench',
  name: 'Bench',
  keys: [
    { name: 'bench', sha256: hashOf(apiKey), scopes: ['read', 'write'] },
    { name: 'debug', sha256: hashOf(debugKey), scopes: ['read', 'debug'] },
  ],
  // No provider is there to be polite to; everything else stays as it is by default.
  accounts: accounts.map((account) => ({ ...account, displayName: account.code, requestsPerSecond: 10_000 })),
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
