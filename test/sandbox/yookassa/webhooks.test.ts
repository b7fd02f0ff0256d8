import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshKey, type Harness, type Json, startHarness } from '../harness.ts';

interface Notification {
  path: string;
  event: string;
  object: Json;
}

describe('yookassa notifications', () => {
  let sandbox: Harness;
  let receiver: Server;
  let received: Notification[];
  let statuses: number[];
  let url: string;

  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    received = [];
    statuses = [];
    receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { type, event, object } = JSON.parse(text) as { type: string; event: string; object: Json };
        if (type === 'notification') received.push({ path: request.url ?? '', event, object });
        response.statusCode = statuses.shift() ?? 200;
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/{account}`;
  });
  afterEach(async () => {
    await sandbox.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  const mode = (name: string) =>
    sandbox.control('POST', '/control/webhooks', { provider: 'yookassa', mode: name, url });
  const events = (): string[] => received.map(({ event }) => event);

  it('are off until they are switched on', async () => {
    await sandbox.refund(await sandbox.payment(), '1.00');
    await mode('on');
    const { body } = await sandbox.refund(await sandbox.payment(), '1.00');
    await expect.poll(() => received.length).toBe(2);
    expect(received[1]).toEqual({ path: '/webhooks/yookassa-demo', event: 'refund.succeeded', object: body });
  });

  it('follow holds: waiting_for_capture, then canceled or succeeded', async () => {
    await mode('on');
    const id = await sandbox.payment({ status: 'authorized' });
    await sandbox.api('POST', `/payments/${id}/cancel`, { key: freshKey(), body: {} });
    await expect.poll(events).toEqual(['payment.waiting_for_capture', 'payment.canceled']);
  });

  it('never tell of a canceled refund', async () => {
    const id = await sandbox.payment();
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    await mode('on');
    const lost = await sandbox.refund(id, '1.00');
    const won = await sandbox.refund(id, '2.00');
    const settle = (refundId: unknown, status: string) =>
      sandbox.control('POST', '/control/settle', { provider: 'yookassa', refundId, status });
    await settle(lost.body['id'], 'canceled');
    await settle(won.body['id'], 'succeeded');
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]?.object).toMatchObject({ id: won.body['id'], status: 'succeeded' });
  });

  it('are repeated until exactly 200 is answered', async () => {
    const id = await sandbox.payment();
    statuses = [500, 204];
    await mode('on');
    await sandbox.refund(id, '1.00');
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(3);
    await expect
      .poll(
        async () => (await sandbox.control('GET', '/control/webhooks?provider=yookassa')).body['webhooks'],
      )
      .toMatchObject([{ mode: 'on', deliveries: [{ attempts: 3, lastStatus: 200, acknowledged: true }] }]);
  });

  it('can come twice', async () => {
    const id = await sandbox.payment();
    await mode('duplicate');
    await sandbox.refund(id, '1.00');
    await expect.poll(() => received.length).toBe(2);
    expect(received[0]).toEqual(received[1]);
  });

  it('can come in the wrong order', async () => {
    const id = await sandbox.payment();
    await mode('reorder');
    const first = await sandbox.refund(id, '1.00');
    const second = await sandbox.refund(id, '2.00');
    await expect
      .poll(() => received.map(({ object }) => object['id']))
      .toEqual([second.body['id'], first.body['id']]);
  });

  it('can be lies about refunds', async () => {
    const id = await sandbox.payment();
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    await mode('forge');
    const { body } = await sandbox.refund(id, '1.00');
    await expect.poll(() => received.length).toBe(2);
    expect(
      received.every(({ event, object }) => event === 'refund.succeeded' && object['status'] === 'succeeded'),
    ).toBe(true);
    const invented = received
      .map(({ object }) => String(object['id']))
      .find((refundId) => refundId !== body['id']);
    expect((await sandbox.api('GET', `/refunds/${invented}`)).status).toBe(404);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ status: 'pending' }]);
  });
});
