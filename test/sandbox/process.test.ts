import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childEnvironment } from '../support/child-environment.ts';
import { type Harness, harnessOf, rub } from './harness.ts';
import { descriptionOf, razorpayOf } from './razorpay/harness.ts';
import { MUGS, yandexOf } from './yandex-pay/harness.ts';
import { stripeOf } from './stripe/harness.ts';

const MAIN = new URL('../../sandbox/main.ts', import.meta.url).pathname;

describe('sandbox process', () => {
  let directory: string;
  let children: ChildProcess[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sandbox-process-'));
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map((child) => kill(child, 'SIGKILL')));
    rmSync(directory, { recursive: true });
  });

  function launch(env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...childEnvironment(), SANDBOX_PORT: '0', ...env },
      stdio: 'pipe',
    });
    children.push(child);
    return child;
  }

  async function start(env: Record<string, string> = {}): Promise<{ child: ChildProcess; sandbox: Harness }> {
    const child = launch(env);
    if (child.stdout === null) throw new Error('no output');
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    const ready = JSON.parse(line) as Record<string, string>;
    const { event, control, yookassa, razorpay, stripe } = ready;
    expect(event).toBe('sandbox-ready');
    const close = (): Promise<void> => Promise.resolve();
    return {
      child,
      sandbox: harnessOf({
        controlUrl: control ?? '',
        yookassaUrl: yookassa ?? '',
        razorpayUrl: razorpay ?? '',
        robokassaUrl: ready['robokassa'] ?? '',
        prismUrl: ready['prism'] ?? '',
        yandexPayUrl: ready['yandex-pay'] ?? '',
        stripeUrl: stripe ?? '',
        close,
      }),
    };
  }

  async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  }

  it('remembers every answered request after kill -9', async () => {
    const env = { SANDBOX_JOURNAL: join(directory, 'journal.jsonl') };
    const first = await start(env);
    const id = await first.sandbox.payment();
    const held = await first.sandbox.payment({ status: 'authorized' });
    await first.sandbox.control('POST', '/control/clock', { advanceSeconds: 3_600 });
    const refund = await first.sandbox.refund(id, '400.00', { metadata: { refund_ref: 'RF-1' } }, 'k1');
    await first.sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    await first.sandbox.fault({ operation: 'getPayment', kind: 'rate-limited', times: 2 });
    await first.sandbox.api('GET', `/payments/${id}`);
    const before = await first.sandbox.ledger(id);
    // Answers are cut off in the middle of a busy moment; those that arrived must be remembered.
    const busy = Promise.allSettled(
      Array.from({ length: 200 }, (_, index) => first.sandbox.refund(id, '1.00', {}, `busy-${index}`)),
    );
    await first.sandbox.refund(id, '2.00', {}, 'k2');
    await kill(first.child, 'SIGKILL');
    const answered = (await busy).flatMap((result) =>
      result.status === 'fulfilled' ? [String(result.value.body['id'])] : [],
    );

    const { sandbox } = await start(env);
    const after = await sandbox.ledger(id);
    expect(after.refunds[0]).toEqual(before.refunds[0]);
    const remembered = new Set(after.refunds.map((entry) => entry.id));
    expect(answered.filter((refundId) => !remembered.has(refundId))).toEqual([]);
    expect(after.refunds.some((entry) => entry.providerKey === 'k2')).toBe(true);
    expect((await sandbox.refund(id, '400.00', { metadata: { refund_ref: 'RF-1' } }, 'k1')).body).toEqual(
      refund.body,
    );
    expect((await sandbox.control('GET', '/control/clock')).body).toMatchObject({ offsetSeconds: 3_600 });
    expect((await sandbox.api('GET', `/payments/${held}`)).status).toBe(429);
    expect((await sandbox.api('GET', `/payments/${held}`)).body['status']).toBe('waiting_for_capture');
    expect((await sandbox.refund(id, '3.00')).body['status']).toBe('pending');
  });

  it('remembers Razorpay after kill -9: refunds, keys, receipts, what waits for the clock, a rotated secret', async () => {
    const env = { SANDBOX_JOURNAL: join(directory, 'journal.jsonl') };
    const first = await start(env);
    const before = razorpayOf(first.sandbox);
    const id = await before.payment();
    const held = await before.payment({ status: 'authorized' });
    await before.mode({ refunds: 'pending', settleAfterSeconds: 3_600, balanceMinor: '50000' });
    const refund = await before.refund(id, 40_000, { receipt: 'R-1' }, 'rf-2026-000017');
    const webhooks = { provider: 'razorpay', mode: 'off', secret: 'whsec-new' };
    expect((await before.control('POST', '/control/webhooks', webhooks)).status).toBe(200);
    await kill(first.child, 'SIGKILL');

    const after = razorpayOf((await start(env)).sandbox);
    expect((await after.refund(id, 40_000, { receipt: 'R-1' }, 'rf-2026-000017')).body).toEqual(refund.body);
    expect(descriptionOf(await after.refund(id, 10_001))).toMatch(/balance/);
    expect(descriptionOf(await after.refund(id, 100, { receipt: 'R-1' }))).toMatch(/receipt/);
    const { body } = await after.control('GET', '/control/credentials?provider=razorpay');
    expect(body['razorpay']).toMatchObject([{ webhookSecret: 'whsec-new' }, {}]);
    await after.advance(6 * 86_400);
    expect(await after.ledger(id)).toMatchObject({
      refunds: [{ id: refund.body['id'], status: 'processed' }],
    });
    expect(await after.ledger(held)).toMatchObject({ voided: true, releasedMinor: '150000' });
  });

  it('remembers Yandex Pay after kill -9: carts, operations, both kinds of id', async () => {
    const env = { SANDBOX_JOURNAL: join(directory, 'journal.jsonl') };
    const first = await start(env);
    const before = yandexOf(first.sandbox);
    const id = await before.payment(MUGS);
    await before.mode({ refunds: 'pending' });
    const target = { targetCart: { items: [{ productId: 'mug', price: '70.00' }] } };
    const refund = await before.refund(id, '90.00', { ...target, externalOperationId: 'rf-1' }, 'r-1');
    await kill(first.child, 'SIGKILL');

    const after = yandexOf((await start(env)).sandbox);
    const again = await after.refund(id, '90.00', { ...target, externalOperationId: 'rf-1' }, 'r-1');
    expect(again.body).toEqual(refund.body);
    expect((await after.refund(id, '300.00')).status).toBe(409);
    await after.settle({ all: true, status: 'succeeded' });
    expect((await after.order(id)).order).toMatchObject({
      orderAmount: '210.00',
      cart: { items: [{ unitPrice: '70.00' }] },
    });
    const spent = await after.refund(id, '90.00', { ...target, externalOperationId: 'rf-1' });
    expect(spent.body['reasonCode']).toBe('DUPLICATE_EXTERNAL_OPERATION_ID');
  });

  it('remembers Stripe after kill -9: refunds, keys with their answers, faults, a rolled secret', async () => {
    const env = { SANDBOX_JOURNAL: join(directory, 'journal.jsonl') };
    const first = await start(env);
    const before = stripeOf(first.sandbox);
    const id = await before.payment();
    await before.mode({ refunds: 'requires_action' });
    const refund = await before.refund(id, 4_000, { 'metadata[refund_ref]': 'RF-1' }, 'key-1');
    await before.fault({ operation: 'createRefund', kind: 'error-after-effect' });
    await before.refund(id, 1_000, {}, 'key-2');
    await before.fault({ operation: 'getRefund', kind: 'rate-limited' });
    const webhooks = { provider: 'stripe', mode: 'off', secret: 'whsec_new' };
    expect((await before.control('POST', '/control/webhooks', webhooks)).status).toBe(200);
    const ledger = await before.ledger(id);
    await kill(first.child, 'SIGKILL');

    const after = stripeOf((await start(env)).sandbox);
    expect(await after.ledger(id)).toEqual(ledger);
    const again = await after.refund(id, 4_000, { 'metadata[refund_ref]': 'RF-1' }, 'key-1');
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([refund.text, 'true']);
    expect((await after.refund(id, 1_000, {}, 'key-2')).status).toBe(500);
    const path = `/refunds/${String(refund.body['id'])}`;
    expect((await after.api('GET', path)).status).toBe(429);
    expect((await after.api('POST', `${path}/cancel`)).body['status']).toBe('canceled');
    expect((await after.refund(id)).body).toMatchObject({ amount: 14_000, status: 'requires_action' });
    const { body } = await after.control('GET', '/control/credentials?provider=stripe');
    expect(body['stripe']).toMatchObject([{ webhookSecret: 'whsec_new' }, {}, {}]);
  });

  it('does not bring the ready payments back over a journal without them', async () => {
    const env = { SANDBOX_JOURNAL: join(directory, 'journal.jsonl') };
    const first = await start(env);
    const demo = '2e000000-000f-5000-8000-000000000001';
    await first.sandbox.refund(demo, '1500.00');
    await kill(first.child, 'SIGKILL');
    const { sandbox } = await start(env);
    expect((await sandbox.ledger(demo)).refunds).toHaveLength(1);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'stops on %s with exit code 0, also while requests hang',
    async (signal) => {
      const { child, sandbox } = await start();
      await sandbox.fault({ kind: 'hang' });
      const hanging = sandbox.api('GET', '/me').catch(() => 'cut');
      await expect
        .poll(async () => (await sandbox.control('GET', '/control/requests')).body['requests'])
        .toMatchObject([{ fault: 'hang' }]);
      expect(await kill(child, signal)).toBe(0);
      expect(await hanging).toBe('cut');
    },
  );

  it('ends with the program that started it when it was asked to', async () => {
    const child = launch({ SANDBOX_STDIN: '1' });
    if (child.stdout !== null) await once(createInterface({ input: child.stdout }), 'line');
    const exit = once(child, 'exit');
    child.stdin?.end();
    expect(await exit).toEqual([0, null]);
  });

  it('survives a reader of its output that goes away', async () => {
    const port = await freePorts();
    const child = launch({ SANDBOX_PORT: String(port) });
    child.stdout?.destroy();
    child.stderr?.destroy();
    const ask = (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/control/clock`).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(ask, { timeout: 20_000 }).toBe(200);
    expect(await ask()).toBe(200);
    expect(await kill(child, 'SIGTERM')).toBe(0);
  });

  it('says which port is in use and exits with 1', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    const child = launch({ SANDBOX_PORT: String(port) });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    blocker.close();
    expect(code).toBe(1);
    expect(said).toBe(
      `sandbox: port ${port} on 127.0.0.1 is in use; set SANDBOX_PORT to another block of ports\n`,
    );
  });

  it('refuses a port that is no number', async () => {
    const child = launch({ SANDBOX_PORT: 'four' });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
  });

  it('starts with no payments when it is told so', async () => {
    const { sandbox } = await start({ SANDBOX_SEED: '0' });
    expect((await sandbox.control('GET', '/control/ledger')).body).toEqual({ payments: [] });
    await sandbox.payment({ amount: rub('1.00') });
  });

  // The first of a block of free ports.
  async function freePorts(): Promise<number> {
    for (;;) {
      const first = createServer();
      await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve));
      const { port } = first.address() as AddressInfo;
      const others = [1, 2, 3, 4, 5, 6].map((offset) => ({ server: createServer(), port: port + offset }));
      const open = others.map(
        (other) =>
          new Promise<boolean>((resolve) => {
            other.server.once('error', () => resolve(false));
            other.server.listen(other.port, '127.0.0.1', () => resolve(true));
          }),
      );
      const free = (await Promise.all(open)).every(Boolean);
      const servers = [first, ...others.map(({ server }) => server)];
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      if (free) return port;
    }
  }
});
