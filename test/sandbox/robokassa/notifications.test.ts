import { compactVerify, importSPKI } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { type Received, startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { hash, LOGIN, P2, type RobokassaHarness, startRobokassa } from './harness.ts';

const FORM = 'application/x-www-form-urlencoded; charset=utf-8';
const PATIENT = { timeout: 10_000 };

describe('robokassa notifications', () => {
  let sandbox: RobokassaHarness;
  let receiver: WebhookReceiver;
  let answer: (request: Received) => string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    answer = ({ raw }) => `OK${new URLSearchParams(raw).get('InvId')}`;
    receiver = await startReceiver((request) => answer(request));
  });
  afterEach(async () => {
    receiver.close();
    await sandbox.close();
  });

  const webhooks = (mode: string, url = receiver.url) =>
    sandbox.control('POST', '/control/webhooks', { provider: 'robokassa', mode, url });
  const deliveries = async (): Promise<Json[]> => {
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=robokassa');
    const [own] = body['webhooks'] as { deliveries: Json[] }[];
    return own?.deliveries ?? [];
  };
  const arrived = async (count: number): Promise<Received[]> => {
    await expect.poll(() => receiver.received.length, PATIENT).toBe(count);
    return receiver.received;
  };
  const verified = async (raw: string): Promise<Json> => {
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=robokassa');
    const [{ publicKey } = { publicKey: '' }] = body['webhooks'] as { publicKey: string }[];
    const { payload } = await compactVerify(raw, await importSPKI(publicKey, 'RS256'));
    return JSON.parse(new TextDecoder().decode(payload)) as Json;
  };

  it('are off until somebody switches them on', async () => {
    await sandbox.payment();
    await webhooks('on');
    const id = await sandbox.payment();
    const received = await arrived(2);
    expect(received.every(({ path }) => path === '/webhooks/robokassa-demo')).toBe(true);
    expect((await deliveries()).map(({ objectId }) => objectId)).toEqual([id, id]);
  });

  it('tell of a payment by a signed form and by a JWS', async () => {
    await webhooks('on', receiver.url.replace('{account}', '{account}/{event}'));
    const id = await sandbox.payment();
    const received = (await arrived(2)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const [form, jws] = received;
    expect(received.map(({ path, headers }) => [path, headers['content-type']])).toEqual([
      ['/webhooks/robokassa-demo/ResultURL', FORM],
      ['/webhooks/robokassa-demo/ResultUrl2', 'application/jwt'],
    ]);
    expect(Object.fromEntries(new URLSearchParams(form?.raw))).toEqual({
      OutSum: '1500.000000',
      InvId: id,
      Fee: '0.000000',
      EMail: 'buyer@example.com',
      SignatureValue: hash(['1500.000000', id, P2, 'Shp_order=A-77']).toUpperCase(),
      PaymentMethod: 'BankCard',
      IncCurrLabel: 'BankCard',
      Shp_order: 'A-77',
    });
    expect(await verified(jws?.raw ?? '')).toEqual({
      header: {
        type: 'PaymentStateNotification',
        version: '1.0.0',
        timestamp: expect.stringMatching(/^\d{10}$/) as string,
      },
      data: {
        shop: LOGIN,
        opKey: await sandbox.opKey(id),
        invId: id,
        paymentMethod: 'BankCard',
        incSum: '1500.00',
        state: 'OK',
      },
    });
  });

  it('tell of a hold by the JWS only, of its confirmation by both, and of a refund not at all', async () => {
    await webhooks('on');
    const id = await sandbox.payment({ status: 'authorized' });
    const [hold] = await arrived(1);
    expect((await verified(hold?.raw ?? ''))['data']).toMatchObject({ invId: id, state: 'HOLD' });
    const form = { MerchantLogin: LOGIN, InvoiceID: id, OutSum: '1500.00' };
    await sandbox.hold('Confirm', form, ['1500.00', id]);
    await arrived(3);
    await sandbox.payment({ status: 'pending' });
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.refund(id, 400);
    await sandbox.settle({ all: true, status: 'succeeded' });
    await sandbox.payment({ state: '60' });
    await sandbox.payment();
    await arrived(5);
    expect((await deliveries()).map(({ event }) => event)).toEqual([
      'ResultUrl2',
      'ResultURL',
      'ResultUrl2',
      'ResultURL',
      'ResultUrl2',
    ]);
  });

  it('repeat ResultURL five times until the answer is OK and the invoice', async () => {
    await sandbox.mode({ notifications: ['ResultURL'] });
    answer = () => 'OK';
    await webhooks('on');
    // While the second and the third give up, the first would come to a seventh attempt.
    for (const index of [0, 1, 2]) {
      await sandbox.payment();
      await expect
        .poll(async () => (await deliveries())[index], PATIENT)
        .toMatchObject({ attempts: 6, lastStatus: 200 });
    }
    expect((await deliveries())[0]).toMatchObject({ attempts: 6, acknowledged: false });
    const received = await arrived(18);
    expect(new Set(received.map(({ raw }) => raw)).size).toBe(3);
    answer = ({ raw }) => `OK${new URLSearchParams(raw).get('InvId')}\n`;
    await sandbox.payment();
    await expect
      .poll(async () => (await deliveries())[3], PATIENT)
      .toMatchObject({ acknowledged: true, attempts: 1 });
  });

  it('repeat ResultUrl2 until the answer is 2xx, whatever it says', async () => {
    await sandbox.mode({ notifications: ['ResultUrl2'] });
    receiver.statuses.push(500, 302);
    answer = () => 'thanks';
    await webhooks('on');
    await sandbox.payment();
    await expect.poll(deliveries, PATIENT).toMatchObject([{ attempts: 3, acknowledged: true }]);
  });

  it('can lie: another sum, and signatures of somebody else', async () => {
    await webhooks('forge');
    const id = await sandbox.payment();
    const received = await arrived(2);
    const form = new URLSearchParams(received.find(({ headers }) => headers['content-type'] === FORM)?.raw);
    expect(form.get('OutSum')).toBe('999999.000000');
    const honest = hash([form.get('OutSum') ?? '', id, P2, 'Shp_order=A-77']).toUpperCase();
    expect(form.get('SignatureValue')).not.toBe(honest);
    const jws = received.find(({ headers }) => headers['content-type'] !== FORM)?.raw ?? '';
    await expect(verified(jws)).rejects.toThrow(/signature/);
  });

  it('refuse a secret, and are signed by the key that the credentials show', async () => {
    const secret = { provider: 'robokassa', mode: 'off', secret: 'x' };
    expect((await sandbox.control('POST', '/control/webhooks', secret)).body).toMatchObject({
      error: { field: 'secret' },
    });
    const { publicKey } = (await webhooks('off')).body;
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const { body } = await sandbox.control('GET', '/control/credentials?provider=robokassa');
    const shops = body['robokassa'] as Json[];
    expect(new Set(shops.map((shop) => shop['resultUrl2Certificate']))).toEqual(new Set([publicKey]));
  });
});
