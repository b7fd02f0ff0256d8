import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase } from '../../src/db/connect.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/tables.ts';
import { isDatabaseUnavailable } from '../../src/db/unavailable.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import { expectSound, refundCommand, refundRow, valueOf } from '../support/rules.ts';
import { removeDataDir, serverPid, startedService } from '../support/service-process.ts';
import { silentLog } from '../support/silent-log.ts';
import type { TestDatabase } from '../support/database.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let dataDir: string;
let t: TestWorld;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'refund-restarts-'));
  const service = await startedService({ dataDir, mode: 'own', durable: true });
  t = await createTestWorld('restarts', undefined, () => ownDatabase(service.ready.connection));
});
afterAll(async () => {
  await t.close();
  await removeDataDir(dataDir);
});

/** A database whose server belongs to this test alone, and may die. */
async function ownDatabase(config: TestDatabase<Database>['config']): Promise<TestDatabase<Database>> {
  const opened = connectDatabase<Database>({ config, log: silentLog });
  await migrateToLatest(opened.db as never);
  return { ...opened, config, connectionString: '', drop: () => opened.close() };
}

/** Stops the server as a crash would, and waits until its keeper has started it again. */
async function restart(): Promise<void> {
  const pid = await serverPid(dataDir);
  process.kill(pid!, 'SIGQUIT');
  for (;;) {
    const now = await serverPid(dataDir);
    if (now !== undefined && now !== pid) return;
    await sleep(10);
  }
}

/** As a caller does: the same request, with the same key, until there is an answer. */
async function insist<T>(request: () => Promise<T>, failures: unknown[]): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      failures.push(error);
      await sleep(20);
    }
  }
}

test('a server that restarts every second: every key is one refund in the end, and the books agree', async () => {
  const payments = await Promise.all([1, 2, 3].map(() => t.payment('100000.00')));
  const made = new Map<string, { command: CreateRefundCommand; refundId: RefundId }>();
  const failures: unknown[] = [];
  let over = false;
  const callers = payments.flatMap((paymentId) =>
    [1, 2].map(async () => {
      while (!over) {
        const command = refundCommand(paymentId, 100n, { waitMs: 200 });
        const result = await insist(() => createRefund(t.world, t.caller(), command), failures);
        made.set(command.idempotencyKey, { command, refundId: valueOf(result).refundId });
      }
    }),
  );
  for (let round = 0; round < 5; round += 1) {
    await sleep(1_000);
    await restart();
  }
  await sleep(500);
  over = true;
  await Promise.all(callers);
  expect(failures.length).toBeGreaterThan(0);

  await insist(() => t.advance((yookassa.sendDeadlineMs * 2 + 10_000) / 1000 + 1), failures);
  for (const { command, refundId } of made.values()) {
    // What is sent in the background for another refund of its payment comes before it.
    const found = async () => {
      const { status } = await insist(() => refundRow(t, refundId), failures);
      if (status !== 'SUCCEEDED')
        valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 }));
      return status;
    };
    await expect.poll(found, { timeout: 30_000 }).toBe('SUCCEEDED');
    const again = valueOf(await createRefund(t.world, t.caller(), command));
    expect(again).toEqual({ refundId, replayed: true });
  }
  const atProvider = await Promise.all(payments.map(async (id) => (await t.ledgerOf(id)).refunds.length));
  expect(atProvider.reduce((total, each) => total + each, 0)).toBe(made.size);
  for (const paymentId of payments) await expectSound(t, paymentId);
});
