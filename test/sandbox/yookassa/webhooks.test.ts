import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshKey, type Harness, type Json, startHarness } from '../harness.ts';
import { startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';

interface Notification {
  path: string;
  event: string;
  object: Json;
}

describe('yookassa notifications', () => {
  let sandbox: Harness;
  let receiver: WebhookReceiver;

  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await sandbox.close();
    receiver.close();
  });

  const received = (): Notification[] =>
    receiver.received.map(({ path, raw }) => {
      const { type, event, object } = JSON.parse(raw) as Notification & { type: string };
      expect(type).toBe('notification');
      return { path, event, object };
    });
  const mode = (name: string) =>
    sandbox.control('POST', '/control/webhooks', { provider: 'yookassa', mode: name, url: receiver.url });
  const events = (): string[] => received().map(({ event }) => event);

  it('are off until they are switched on', async () => {
    await sandbox.refund(await sandbox.payment(), '1.00');
    await mode('on');
    const { body } = await sandbox.refund(await sandbox.payment(), '1.00');
    await expect.poll(() => received().length).toBe(2);
    expect(received()[1]).toEqual({
      path: '/webhooks/yookassa-demo',
      event: 'refund.succeeded',
      object: body,
    });
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
    await expect.poll(() => received().length).toBe(1);
    expect(received()[0]?.object).toMatchObject({ id: won.body['id'], status: 'succeeded' });
  });

  it('are repeated until exactly 200 is answered', async () => {
    const id = await sandbox.payment();
    receiver.statuses.push(500, 204);
    await mode('on');
    await sandbox.refund(id, '1.00');
    await expect.poll(() => received().length, { timeout: 10_000 }).toBe(3);
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
    await expect.poll(() => received().length).toBe(2);
    expect(received()[0]).toEqual(received()[1]);
  });

  it('can come in the wrong order', async () => {
    const id = await sandbox.payment();
    await mode('reorder');
    const first = await sandbox.refund(id, '1.00');
    const second = await sandbox.refund(id, '2.00');
    await expect
      .poll(() => received().map(({ object }) => object['id']))
      .toEqual([second.body['id'], first.body['id']]);
  });

  it('can be lies about refunds', async () => {
    const id = await sandbox.payment();
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    await mode('forge');
    const { body } = await sandbox.refund(id, '1.00');
    await expect.poll(() => received().length).toBe(2);
    expect(
      received().every(
        ({ event, object }) => event === 'refund.succeeded' && object['status'] === 'succeeded',
      ),
    ).toBe(true);
    const invented = received()
      .map(({ object }) => String(object['id']))
      .find((refundId) => refundId !== body['id']);
    expect((await sandbox.api('GET', `/refunds/${invented}`)).status).toBe(404);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ status: 'pending' }]);
  });
});
