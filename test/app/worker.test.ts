import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRefundMutation, createTestService, refundInput } from '../support/service.ts';
import { testMerchants } from '../support/world.ts';
import { openRows } from './embedded-rows.ts';
import { newPayment, refund, refundsAtProvider } from './refund.ts';
import {
  control,
  createPlace,
  environmentOf,
  graphql,
  run,
  runDemo,
  type Place,
  type Service,
} from './service.ts';

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const fault = (kind: string, more: Record<string, unknown> = {}) =>
  control(place, 'POST', 'faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });

const runWorker = (env: Record<string, string> = {}): Service =>
  run(['worker'], { DEMO: '1', ...environmentOf(place), ...env });

async function untilWorking(worker: Service): Promise<void> {
  while (!worker.stdout().includes('"msg":"working"')) {
    if (worker.child.exitCode !== null) throw new Error(`ended: ${worker.stderr()}${worker.stdout()}`);
    await delay(10);
  }
}

async function statusOf(url: string, id: string | undefined): Promise<unknown> {
  const { data } = await graphql(url, 'query ($id: ID!) { refund(by: { id: $id }) { status } }', { id });
  return (data?.['refund'] as { status: string } | null)?.status;
}

describe('a worker', () => {
  test('finds out everything that a killed service left, with nobody to ask it', async () => {
    const service = runDemo(place, { ENGINE: '0' });
    const url = await service.url();
    const payments = [await newPayment(place), await newPayment(place), await newPayment(place)];
    await fault('lost-before-effect');
    const lost = await refund(url, payments[0]!, 'lost-before-it');
    await fault('lost-after-effect');
    const made = await refund(url, payments[1]!, 'lost-after-it');
    await fault('rate-limited', { retryAfterMs: 1_000 });
    const waiting = await refund(url, payments[2]!, 'put-back');
    expect([lost, made, waiting].map((each) => each.refund?.status)).toEqual([
      'UNKNOWN',
      'UNKNOWN',
      'QUEUED',
    ]);
    service.child.kill('SIGKILL');
    expect(await service.exit).toBe('SIGKILL');

    const worker = runWorker();
    await untilWorking(worker);
    for (const payment of payments)
      await expect.poll(() => refundsAtProvider(place, payment), { timeout: 30_000 }).toBe(1);

    const next = runDemo(place, { ENGINE: '0' });
    const again = await next.url();
    for (const { refund: each } of [lost, made, waiting])
      await expect.poll(() => statusOf(again, each?.id), { timeout: 30_000 }).toBe('SUCCEEDED');
    for (const payment of payments) expect(await refundsAtProvider(place, payment)).toBe(1);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  });

  test('looks at what a webhook tells a service that drives nothing itself', async () => {
    const service = runDemo(place, { ENGINE: '0' });
    const url = await service.url();
    const payment = await newPayment(place);
    await control(place, 'POST', 'mode', { provider: 'yookassa', refunds: 'pending' });
    const made = await refund(url, payment, 'told-of-by-a-webhook');
    expect(made.refund?.status).toBe('PENDING');
    const told = { provider: 'yookassa', mode: 'on', url: `${url}/webhooks/{account}` };
    await control(place, 'POST', 'webhooks', told);
    await control(place, 'POST', 'settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    const messages = async () => {
      const rows = await openRows(place.dataDir);
      try {
        return await rows.db.selectFrom('webhook_deliveries').select(['event', 'status']).execute();
      } finally {
        await rows.close();
      }
    };
    const event = 'refund.succeeded';
    await expect.poll(messages, { timeout: 20_000 }).toEqual([{ event, status: 'PENDING' }]);
    expect(await statusOf(url, made.refund?.id)).toBe('PENDING');
    const worker = runWorker();
    await untilWorking(worker);
    await expect.poll(messages, { timeout: 20_000 }).toEqual([{ event, status: 'DONE' }]);
    expect(await statusOf(url, made.refund?.id)).toBe('SUCCEEDED');
    for (const { child, exit } of [worker, service]) {
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
    }
  });

  test('works beside a service, on the clock of the demo, and leaves the leases of others alone', async () => {
    const worker = runWorker();
    await untilWorking(worker);
    const service = runDemo(place, { ENGINE: '0' });
    const url = await service.url();
    const payment = await newPayment(place);
    await fault('hang', { effect: true });
    const answer = refund(url, payment, 'killed-in-between').catch(() => 'cut');
    while ((await refundsAtProvider(place, payment)) === 0) await delay(10);
    service.child.kill('SIGKILL');
    expect(await answer).toBe('cut');

    const next = runDemo(place, { ENGINE: '0' });
    const again = await next.url();
    const found = await refund(again, payment, 'killed-in-between', 0);
    expect(found).toMatchObject({ replayed: true, refund: { status: 'PENDING' } });
    await control(place, 'POST', 'clock', { advanceSeconds: 90 });
    await expect.poll(() => statusOf(again, found.refund?.id), { timeout: 30_000 }).toBe('SUCCEEDED');
    expect(await refundsAtProvider(place, payment)).toBe(1);
    for (const { child, exit } of [next, worker]) {
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
    }
  });

  test('works on a database of its own server, and its stop lets a running send end', async () => {
    const t = await createTestService('worker');
    const home = await mkdtemp(path.join(tmpdir(), 'refund-worker-'));
    try {
      const merchants = testMerchants(t.sandbox).map(({ accounts, ...merchant }) => ({
        ...merchant,
        // An identity follows from the credentials and cannot be written.
        accounts: accounts.map((account) => ({ ...account, identity: undefined })),
      }));
      const file = path.join(home, 'accounts.json');
      await writeFile(file, JSON.stringify({ merchants }));
      const paymentId = await t.payment('1500.00');
      const arm = (kind: string, more: Record<string, unknown>) =>
        t.control('faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });
      await arm('rate-limited', { retryAfterMs: 100 });
      await arm('slow', { ms: 1_500 });
      const created = await t.graphql<{ createRefund: { refund: { id: string; status: string } } }>(
        createRefundMutation,
        { input: refundInput(paymentId, '10.00') },
      );
      expect(created.data.createRefund.refund.status).toBe('QUEUED');
      const worker = run(['worker'], { DATABASE_URL: t.database.connectionString, ACCOUNTS_FILE: file });
      await untilWorking(worker);
      await expect
        .poll(async () => (await t.ledgerOf(paymentId)).refunds.length, { timeout: 20_000 })
        .toBe(1);
      worker.child.kill('SIGTERM');
      expect(await worker.exit).toBe(0);
      const after = await t.graphql<{ refund: { status: string } }>(
        'query ($id: ID!) { refund(by: { id: $id }) { status } }',
        { id: created.data.createRefund.refund.id },
      );
      expect(after.data.refund.status).toBe('SUCCEEDED');
    } finally {
      await t.close();
      await rm(home, { recursive: true, force: true });
    }
  });
});
