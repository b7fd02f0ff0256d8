import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signatureOf } from '../../../sandbox/razorpay/webhooks.ts';
import type { Json } from '../harness.ts';
import { type Received, startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { type RazorpayHarness, startRazorpay } from './harness.ts';

const SECRET = 'whsec-curlec-test-1';

interface Event {
  entity: string;
  account_id: string;
  event: string;
  contains: string[];
  payload: { refund?: { entity: Json }; payment: { entity: Json } };
  created_at: number;
}

describe('razorpay signatures', () => {
  const line =
    '{"entity":"event","account_id":"acc_SimSub00000001","event":"refund.processed","contains":["refund","payment"],"payload":{"refund":{"entity":{"id":"rfnd_SimRefund00001","entity":"refund","amount":50000,"currency":"MYR","payment_id":"pay_SimPayment0001","notes":[],"receipt":"rf-2026-000017","acquirer_data":{"arn":null},"created_at":1795305600,"batch_id":null,"status":"processed","speed_processed":"normal","speed_requested":"normal"}},"payment":{"entity":{"id":"pay_SimPayment0001","entity":"payment","amount":150000,"currency":"MYR","base_amount":150000,"status":"captured","order_id":"order_SimOrder000001","method":"fpx","amount_refunded":50000,"refund_status":"partial","captured":true,"created_at":1795219200}}},"created_at":1795305660}';

  // The last one is of razorpay-node, test/utils/razorpay-utils.spec.js.
  it.each([
    [SECRET, line, 'e15df148d263599e7e725b051d4c67ccdc1d55ef76b0bb6fd93ba395289b2dab'],
    [SECRET, '{"note":"ключ ✓"}', 'aa43f5a736bd15ce95f02548852ef52cfe54d447bec61a11600e66e7ee74d727'],
    [
      '123456',
      '{"a":1,"b":2,"c":{"d":3}}',
      '2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc',
    ],
  ])('with the secret %s are those of the known vectors', (secret, body, signature) => {
    expect(signatureOf(body, secret)).toBe(signature);
  });
});

describe('razorpay webhooks', () => {
  let sandbox: RazorpayHarness;
  let receiver: WebhookReceiver;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    receiver = await startReceiver();
    id = await sandbox.payment();
  });
  afterEach(async () => {
    await sandbox.close();
    receiver.close();
  });

  const mode = (name: string, extra: Json = {}) =>
    sandbox.control('POST', '/control/webhooks', {
      provider: 'razorpay',
      mode: name,
      url: receiver.url,
      ...extra,
    });
  const parse = ({ raw }: Received): Event => JSON.parse(raw) as Event;
  const events = (): string[] => receiver.received.map((one) => parse(one).event);
  const signed = (one: Received | undefined, secret = SECRET): boolean =>
    one !== undefined && one.headers['x-razorpay-signature'] === signatureOf(one.raw, secret);
  const idOf = (one: Received | undefined): unknown => one?.headers['x-razorpay-event-id'];

  it('tell of a refund and its end, with the payment, signed over the exact bytes', async () => {
    await mode('on');
    const { body } = await sandbox.refund(id, 50_000, { notes: { memo: 'ключ ✓' } });
    await expect.poll(() => events().toSorted()).toEqual(['refund.created', 'refund.processed']);
    for (const one of receiver.received) {
      expect(one.path).toBe('/webhooks/razorpay-demo');
      expect(signed(one)).toBe(true);
      expect(parse(one)).toMatchObject({
        entity: 'event',
        account_id: 'acc_SimSub00000001',
        contains: ['refund', 'payment'],
        payload: {
          refund: { entity: body },
          payment: { entity: { id, amount_refunded: 50_000, refund_status: 'partial', captured: true } },
        },
        created_at: expect.any(Number),
      });
    }
    expect(new Set(receiver.received.map(idOf)).size).toBe(2);
  });

  it('tell of a failed refund, and of a pending one only that it exists', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('on');
    await sandbox.refund(id, 100);
    await expect.poll(events).toEqual(['refund.created']);
    await sandbox.settle({ all: true, status: 'failed' });
    await expect.poll(events).toEqual(['refund.created', 'refund.failed']);
  });

  it('tell when an instant refund falls back to normal speed', async () => {
    const rupees = await sandbox.payment({ amount: { value: '100.00', currency: 'INR' } });
    await sandbox.mode({ instantRefunds: 'unavailable', refunds: 'pending' });
    await mode('on');
    await sandbox.refund(rupees, 100, { speed: 'optimum' });
    await expect.poll(() => events().toSorted()).toEqual(['refund.created', 'refund.speed_changed']);
    const changed = receiver.received.map(parse).find(({ event }) => event === 'refund.speed_changed');
    // As in the published sample.
    expect(changed).not.toHaveProperty('created_at');
    expect(changed?.payload).toMatchObject({ created_at: expect.any(Number) });
    expect(changed?.payload.refund?.entity).not.toHaveProperty('batch_id');
  });

  it('tell of payments, and of the automatic return of one that was never captured', async () => {
    await mode('on');
    const held = await sandbox.payment({ status: 'authorized' });
    await sandbox.payment({ account: 'razorpay-other' });
    await expect.poll(() => events().toSorted()).toEqual(['payment.authorized', 'payment.captured']);
    const other = receiver.received.find(({ path }) => path === '/webhooks/razorpay-other');
    expect(signed(other, 'whsec-curlec-test-2')).toBe(true);
    await sandbox.advance(6 * 86_400);
    await expect.poll(() => events().toSorted().slice(2)).toEqual(['refund.created', 'refund.processed']);
    for (const one of receiver.received.slice(2)) {
      expect(parse(one).payload.payment.entity).toMatchObject({
        id: held,
        captured: false,
        status: 'refunded',
      });
    }
  });

  it('are repeated with the same id until any 2xx is answered', async () => {
    await sandbox.mode({ refunds: 'pending' });
    receiver.statuses.push(500, 302, 204);
    await mode('on');
    await sandbox.refund(id, 100);
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(3);
    expect(new Set(receiver.received.map(idOf)).size).toBe(1);
    await expect
      .poll(
        async () => (await sandbox.control('GET', '/control/webhooks?provider=razorpay')).body['webhooks'],
      )
      .toMatchObject([
        { mode: 'on', disabled: false, deliveries: [{ attempts: 3, lastStatus: 204, acknowledged: true }] },
      ]);
  });

  it('keep the old secret for old events after a rotation', async () => {
    await sandbox.mode({ refunds: 'pending' });
    receiver.statuses.push(500);
    await mode('on');
    await sandbox.refund(id, 100);
    await expect.poll(() => receiver.received.length).toBe(1);
    await mode('on', { secret: 'whsec-new', account: 'razorpay-demo' });
    await sandbox.refund(id, 200);
    await expect.poll(() => receiver.received.length).toBe(3);
    const old = receiver.received.filter((one) => signed(one));
    const fresh = receiver.received.filter((one) => signed(one, 'whsec-new'));
    expect([old.length, fresh.length]).toEqual([2, 1]);
    expect(idOf(old[0])).toBe(idOf(old[1]));
    const { body } = await sandbox.control('GET', '/control/credentials?provider=razorpay');
    expect(body['razorpay']).toMatchObject([
      { webhookSecret: 'whsec-new' },
      { webhookSecret: 'whsec-curlec-test-2' },
    ]);
  });

  it('can come twice, with the same id', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('duplicate');
    await sandbox.refund(id, 100);
    await expect.poll(() => receiver.received.length).toBe(2);
    const [first, second] = receiver.received;
    expect([first?.raw, idOf(first)]).toEqual([second?.raw, idOf(second)]);
  });

  it('can come in the wrong order', async () => {
    await mode('reorder');
    await sandbox.refund(id, 100);
    await expect.poll(events).toEqual(['refund.processed', 'refund.created']);
  });

  it('can be lies that no signature covers', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await mode('forge');
    const { body } = await sandbox.refund(id, 100);
    await expect.poll(() => receiver.received.length).toBe(2);
    for (const one of receiver.received) {
      expect(parse(one)).toMatchObject({
        event: 'refund.processed',
        payload: { refund: { entity: { status: 'processed', amount: 99_999_900 } } },
      });
      expect(one.headers['x-razorpay-signature']).toMatch(/^[0-9a-f]{64}$/);
      expect(signed(one)).toBe(false);
    }
    const named = receiver.received.map((one) => parse(one).payload.refund?.entity['id']);
    expect(named.filter((refundId) => refundId === body['id'])).toHaveLength(1);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ status: 'pending' }]);
  });

  it.each([
    [{ mode: 'on', url: undefined }, 'url'],
    [{ account: 'razorpay-demo' }, 'secret'],
    [{ account: 'nobody', secret: 'x' }, 'account'],
    [{ provider: 'yookassa', secret: 'x' }, 'secret'],
  ])('cannot be switched with %j because of %s', async (input, field) => {
    expect(await mode('on', input)).toMatchObject({ status: 400, body: { error: { field } } });
  });
});
