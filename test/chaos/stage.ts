import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { connectDatabase, type ConnectionConfig } from '../../src/db/connect.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { makeClockMovable, setClockOffset } from '../../src/db/installation.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/tables.ts';
import { freeBlock } from '../app/service.ts';
import { serverPid } from '../support/service-process.ts';
import { silentLog } from '../support/silent-log.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { accountsOf, secretsAtProviders, type Caller, type Merchant } from './accounts.ts';
import { processNames, type ProcessName, type ProxyName } from './plan.ts';
import { Supervised } from './processes.ts';
import { providerNames, type Provider } from './providers.ts';
import { WebhookRelay } from './webhook-relay.ts';
import { readWebhookIds } from './webhooks.ts';

/** Everything that a run plays on. */
export interface Stage {
  readonly directory: string;
  readonly services: Readonly<Record<ProcessName, Supervised>>;
  readonly sandbox: Supervised;
  readonly proxies: Readonly<Record<ProxyName, TcpProxy>>;
  /** Base URLs of the two APIs. */
  readonly urls: readonly string[];
  readonly callers: Readonly<Record<Merchant, Caller>>;
  /** Between the provider's webhooks and the APIs. */
  readonly relay: WebhookRelay;
  /** What must not stand in any log. */
  readonly secrets: readonly string[];
  /** The checker's own way to the database, past the proxy. */
  readonly db: Kysely<Database>;
  readonly control: <T>(route: string, body?: unknown, method?: string) => Promise<T>;
  /** Stops the database server: `fast` ends sessions in order, `immediate` is a crash. It is started again at once. */
  restartDatabase(stop: 'fast' | 'immediate'): Promise<void>;
  /** Moves the time of the database and of the provider; the processes' own clocks stay. */
  advance(seconds: number): Promise<void>;
  /** Ends every process and removes the directory; safe at any moment, once or twice. */
  tearDown(): Promise<void>;
}

export const directoryPrefix = 'refund-chaos-';

/** Starts everything; whatever of it had started is ended again when something fails. */
export async function setStage(): Promise<Stage> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), directoryPrefix)));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  await mkdir(path.join(directory, 'logs'));
  const server = await startEmbeddedPostgres({ dataDir: directory, mode: 'own', log: silentLog });
  undo.defer(() => server.stop());
  const config = server.connection;
  const direct = connectDatabase<Database>({ config, log: silentLog, max: 3, applicationName: 'chaos' });
  undo.defer(() => direct.close());
  await migrateToLatest(direct.db as unknown as Kysely<never>);
  await makeClockMovable(direct.db);

  const sandboxPort = await freeBlock();
  const proxies = await startProxies(config, sandboxPort);
  for (const proxy of Object.values(proxies)) undo.defer(() => proxy.close());

  const control: Stage['control'] = async <T>(route: string, body?: unknown, method?: string) =>
    (await callControl(sandboxPort, route, body, method)) as T;
  const sandbox = new Supervised({
    name: 'sandbox',
    script: 'sandbox/main.ts',
    env: {
      SANDBOX_PORT: String(sandboxPort),
      SANDBOX_SEED: '0',
      SANDBOX_JOURNAL: path.join(directory, 'sandbox.jsonl'),
    },
    logFile: path.join(directory, 'logs', 'sandbox'),
    isReady: () => answers(`http://127.0.0.1:${sandboxPort}/control/clock`),
  });
  undo.defer(async () => void (await sandbox.stop(5_000)));
  await sandbox.start();

  const callers = { chaos: newCaller('chaos'), other: newCaller('other') };
  const accountsFile = path.join(directory, 'accounts.json');
  const providerPorts = Object.fromEntries(providerNames.map((name) => [name, proxies[name].port])) as Record<
    Provider,
    number
  >;
  const accounts = accountsOf(Object.values(callers), providerPorts);
  await writeFile(accountsFile, JSON.stringify(accounts), { mode: 0o600 });
  const ports = [await freePort(), await freePort()];
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const webhookIds = new Map<string, string>();
  const relay = await WebhookRelay.start(urls, async (account) => {
    if (webhookIds.size === 0)
      for (const [code, id] of await readWebhookIds(direct.db)) webhookIds.set(code, id);
    return webhookIds.get(account) ?? account;
  });
  undo.defer(() => relay.close());
  const services = Object.fromEntries(
    processNames.map((name, index) => {
      const port = ports[index];
      const env = {
        DATABASE_URL: proxies.database.urlThrough(config),
        ACCOUNTS_FILE: accountsFile,
        ...(port === undefined ? {} : { PORT: String(port), ENGINE: index === 0 ? '1' : '0' }),
      };
      const isReady = async (said: () => Promise<string>): Promise<boolean> =>
        port === undefined
          ? (await said()).includes('"msg":"working"')
          : answers(`http://127.0.0.1:${port}/ready`);
      const logFile = path.join(directory, 'logs', name);
      const args = [port === undefined ? 'worker' : 'serve'];
      const service = new Supervised({ name, script: 'src/main.ts', args, env, logFile, isReady });
      undo.defer(async () => void (await service.stop(5_000)));
      return [name, service];
    }),
  ) as Record<ProcessName, Supervised>;

  let offsetSeconds = 0;
  const kept = undo.move();
  let tearingDown: Promise<void> | undefined;
  return {
    directory,
    services,
    sandbox,
    proxies,
    urls,
    callers,
    relay,
    secrets: [...Object.values(callers).map(({ key }) => key), ...secretsAtProviders, config.password],
    db: direct.db,
    control,
    async restartDatabase(stop) {
      const pid = await serverPid(directory);
      if (pid !== undefined) process.kill(pid, stop === 'fast' ? 'SIGINT' : 'SIGQUIT');
    },
    async advance(seconds) {
      offsetSeconds += seconds;
      await control('clock', { advanceSeconds: seconds });
      await setClockOffset(direct.db, offsetSeconds);
    },
    tearDown: () => (tearingDown ??= kept.disposeAsync()),
  };
}

const newCaller = (merchant: Merchant): Caller => ({
  merchant,
  key: `rf_live_${randomBytes(20).toString('hex')}`,
});

/** Where each simulator is in the block of the sandbox; what is behind Prism is Stripe's. */
const portOffsets: Readonly<Record<Provider, number>> = {
  yookassa: 1,
  robokassa: 2,
  razorpay: 3,
  'yandex-pay': 4,
  stripe: 5,
  prism: 5,
};

async function startProxies(
  config: ConnectionConfig,
  sandboxPort: number,
): Promise<Record<ProxyName, TcpProxy>> {
  const started = await Promise.all([
    TcpProxy.inFrontOf(config),
    ...providerNames.map((name) =>
      TcpProxy.start({ host: '127.0.0.1', port: sandboxPort + portOffsets[name] }),
    ),
  ]);
  const names: readonly ProxyName[] = ['database', ...providerNames];
  return Object.fromEntries(names.map((name, index) => [name, started[index]])) as Record<
    ProxyName,
    TcpProxy
  >;
}

/** The control API is not behind a proxy, but the sandbox is killed too: a call is repeated until it is answered. */
async function callControl(port: number, route: string, body?: unknown, method?: string): Promise<unknown> {
  for (let left = 100; ; left -= 1) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/control/${route}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new RangeError(`control/${route}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    } catch (error) {
      if (error instanceof RangeError || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok;
    },
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
