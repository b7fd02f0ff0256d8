import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import type { Database } from '../../src/db/tables.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testMerchants } from '../support/world.ts';
import { createPlace, environmentOf, graphql, run, runDemo, type Service } from './service.ts';

let sandbox: Sandbox;
let folder: string;
const databases: TestDatabase<Database>[] = [];
beforeEach(async () => {
  sandbox = await startSandbox();
  folder = await mkdtemp(path.join(tmpdir(), 'restored-'));
  const merchants = testMerchants(sandbox).map(({ accounts, ...merchant }) => ({
    ...merchant,
    // An identity follows from the credentials and cannot be written.
    accounts: accounts.map((account) => ({ ...account, identity: undefined })),
  }));
  await writeFile(path.join(folder, 'accounts.json'), JSON.stringify({ merchants }));
});
afterEach(async () => {
  await sandbox.close();
  for (const database of databases.splice(0)) await database.drop();
  await rm(folder, { recursive: true });
});

async function keep(database: Promise<TestDatabase<Database>>): Promise<TestDatabase<Database>> {
  const kept = await database;
  databases.push(kept);
  return kept;
}

const environment = (database: TestDatabase<Database>) => ({
  DATABASE_URL: database.connectionString,
  ACCOUNTS_FILE: path.join(folder, 'accounts.json'),
  PORT: '0',
});

const serve = (database: TestDatabase<Database>): Service => run(['serve'], environment(database));
const restored = (database: TestDatabase<Database>, ...args: string[]): Service =>
  run(['restored', ...args], environment(database));

async function stop(service: Service): Promise<void> {
  service.child.kill('SIGTERM');
  expect(await service.exit).toBe(0);
}

async function control<T>(route: string, body?: unknown): Promise<T> {
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
  const answer = await fetch(`${sandbox.controlUrl}/control/${route}`, body === undefined ? {} : post);
  expect(answer.ok).toBe(true);
  return (await answer.json()) as T;
}

const newPayment = async () =>
  (
    await control<{ reference: string }>('payments', {
      provider: 'yookassa',
      amount: { value: '1500.00', currency: 'RUB' },
    })
  ).reference;

async function refundsAtProvider(paymentId: string): Promise<number> {
  const ledger = await control<{ payments: { refunds: unknown[] }[] }>(
    `ledger?provider=yookassa&reference=${paymentId}`,
  );
  return ledger.payments[0]!.refunds.length;
}

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { replayed refund { status payment { id } } errors { code message } }
}`;

interface Created {
  readonly replayed: boolean;
  readonly refund: { readonly status: string; readonly payment: { readonly id: string } } | null;
}

async function refund(url: string, paymentId: string, idempotencyKey: string): Promise<Created> {
  const input = {
    idempotencyKey,
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    amount: { money: { value: '10.00', currency: 'RUB' } },
    reason: 'GOODWILL',
    waitMs: 20_000,
  };
  const answer = await graphql(url, CREATE, { input }, 'rf_test_demo');
  return answer.data!['createRefund'] as Created;
}

test('a service that is told of its old database finds what it has forgotten, and sends nothing twice', async () => {
  const database = await keep(createTestDatabase<Database>('restored_app'));
  const before = serve(database);
  const url = await before.url();
  const payment = await newPayment();
  expect(await refund(url, payment, 'before-the-backup')).toMatchObject({ refund: { status: 'SUCCEEDED' } });
  const backup = await keep(copyTestDatabase(database, 'restored_backup'));
  expect(await refund(url, payment, 'after-the-backup')).toMatchObject({ refund: { status: 'SUCCEEDED' } });
  await stop(before);
  expect(await refundsAtProvider(payment)).toBe(2);

  const command = restored(backup);
  expect(await command.exit).toBe(0);
  expect(command.stdout()).toContain('Epoch 2 is open.');
  expect(command.stdout()).toContain('yookassa-demo: RESTORING');
  expect(command.stdout().match(/"alert":"EPOCH_OPENED"/g)).toHaveLength(1);

  const after = serve(backup);
  const again = await after.url();
  // Longer than the provider remembers a key: what is sent now is another refund.
  await control('clock', { advanceSeconds: 26 * 3_600 });
  for (const key of ['after-the-backup', 'before-the-backup'])
    expect(await refund(again, payment, key)).toMatchObject({
      replayed: true,
      refund: { status: 'SUCCEEDED' },
      errors: [],
    });
  expect(await refundsAtProvider(payment)).toBe(2);

  // Beside the running service, and once more: harmless.
  const beside = restored(backup);
  expect(await beside.exit).toBe(0);
  expect(beside.stdout()).toContain('Epoch 3 is open.');
  expect(await refund(again, payment, 'after-the-backup')).toMatchObject({ replayed: true, errors: [] });
  expect(await refundsAtProvider(payment)).toBe(2);
  await stop(after);
});

test('shows how far it is, and releases a payment by the id that the API gives it', async () => {
  const database = await keep(createTestDatabase<Database>('restored_status'));
  const none = restored(database, '--status');
  expect(await none.exit).toBe(0);
  expect(none.stdout()).toContain('Epoch 1, no restore so far.');

  const service = serve(database);
  const created = await refund(await service.url(), await newPayment(), 'restored-status-key');
  await stop(service);
  const release = restored(database, '--release', created.refund!.payment.id);
  expect(await release.exit).toBe(0);
  const row = await database.db.selectFrom('payments').selectAll().executeTakeFirstOrThrow();
  expect(release.stdout()).toContain(row.id);
  expect(row.released_epoch).toBe(1);
  expect(await restored(database, '--release', '00000000-0000-7000-8000-000000000000').exit).toBe(1);
});

test.each([[['--release', 'no id']], [['--unknown']], [['--status', '--release', 'x']]])(
  'with %j says how it is used, before it asks for a database',
  async (args) => {
    const refused = run(['restored', ...args]);
    expect(await refused.exit).toBe(2);
    expect(refused.stderr()).toContain('docs/restore.md');
  },
);

test('works beside the service that owns an embedded database, and alone', async () => {
  const place = await createPlace();
  try {
    const env = { DEMO: '1', ...environmentOf(place) };
    const service = runDemo(place);
    await service.url();
    const beside = run(['restored'], env);
    expect(await beside.exit).toBe(0);
    expect(beside.stdout()).toContain('Epoch 2 is open.');
    await stop(service);
    const alone = run(['restored', '--status'], env);
    expect(await alone.exit).toBe(0);
    expect(alone.stdout()).toContain('Epoch 2, opened');
  } finally {
    await place.remove();
  }
});
