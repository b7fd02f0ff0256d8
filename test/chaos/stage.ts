import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { connectDatabase } from '../../src/db/connect.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { makeClockMovable, setClockOffset } from '../../src/db/installation.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/tables.ts';
import { freeBlock } from '../app/service.ts';
import { serverPid } from '../support/service-process.ts';
import { silentLog } from '../support/silent-log.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { processNames, type ProcessName, type ProxyName } from './plan.ts';
import { Supervised } from './processes.ts';

/** Who may call: a merchant and its key, made for this run. */
export interface Caller {
  readonly merchant: 'chaos' | 'other';
  readonly key: string;
}

/** Everything that a run plays on. */
export interface Stage {
  readonly directory: string;
  readonly services: Readonly<Record<ProcessName, Supervised>>;
  readonly sandbox: Supervised;
  readonly proxies: Readonly<Record<ProxyName, TcpProxy>>;
  /** Base URLs of the two APIs. */
  readonly urls: readonly string[];
  readonly callers: Readonly<Record<Caller['merchant'], Caller>>;
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
  const proxies = {
    database: await TcpProxy.inFrontOf(config),
    yookassa: await TcpProxy.start({ host: '127.0.0.1', port: sandboxPort + 1 }),
    razorpay: await TcpProxy.start({ host: '127.0.0.1', port: sandboxPort + 3 }),
  };
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
  await writeFile(accountsFile, JSON.stringify(accountsOf(callers, proxies)), { mode: 0o600 });
  const ports = [await freePort(), await freePort()];
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
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    callers,
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

const newCaller = (merchant: Caller['merchant']): Caller => ({
  merchant,
  key: `rf_live_${randomBytes(20).toString('hex')}`,
});

const secretsAtProviders = [
  'test_demo_yookassa_secret_key',
  'test_other_yookassa_secret_key',
  's3cr3t-Part/ner',
] as const;

function accountsOf(
  callers: Readonly<Record<Caller['merchant'], Caller>>,
  proxies: Readonly<Record<'yookassa' | 'razorpay', TcpProxy>>,
): unknown {
  const limits = { requestsPerSecond: 300, minLookIntervalMs: 200 };
  const merchant = ({ merchant: code, key }: Caller, accounts: readonly object[]) => ({
    code,
    name: code,
    keys: [
      { name: 'client', sha256: createHash('sha256').update(key).digest('hex'), scopes: ['read', 'write'] },
    ],
    accounts: accounts.map((account) => ({ ...account, displayName: code, ...limits })),
  });
  const yookassa = { provider: 'yookassa', baseUrl: `http://127.0.0.1:${proxies.yookassa.port}/v3` };
  const razorpay = { provider: 'razorpay', baseUrl: `http://127.0.0.1:${proxies.razorpay.port}/v1` };
  const [demoSecret, otherSecret, clientSecret] = secretsAtProviders;
  return {
    merchants: [
      merchant(callers.chaos, [
        { ...yookassa, code: 'yookassa-demo', credentials: { shopId: '100500', secretKey: demoSecret } },
        {
          ...razorpay,
          code: 'razorpay-demo',
          credentials: { clientId: 'PartnerClient01', clientSecret, account: 'acc_SimSub00000001' },
        },
      ]),
      merchant(callers.other, [
        { ...yookassa, code: 'yookassa-other', credentials: { shopId: '100501', secretKey: otherSecret } },
      ]),
    ],
  };
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
