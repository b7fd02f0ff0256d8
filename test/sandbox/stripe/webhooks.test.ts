import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signatureOf } from '../../../sandbox/stripe/webhooks.ts';
import type { Json } from '../harness.ts';
import { startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { PRISM_KEY, startStripe, type StripeHarness } from './harness.ts';

const SECRET = 'whsec_SimStripeDemo000000000001';

describe('stripe webhooks', () => {
  let sandbox: StripeHarness;
  let receiver: WebhookReceiver;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    receiver = await startReceiver();
    id = await sandbox.payment();
  });
  afterEach(async () => {
    receiver.close();
    await sandbox.close();
  });

  const webhooks = (mode: string, extra: Json = {}) =>
    sandbox.control('POST', '/control/webhooks', { provider: 'stripe', mode, url: receiver.url, ...extra });
  const events = (): Json[] => receiver.received.map(({ raw }) => JSON.parse(raw) as Json);
  const types = (): string[] => events().map((event) => String(event['type']));
  const objects = (): Json[] => events().map((event) => (event['data'] as { object: Json }).object);
  const signatures = (): string[] =>
    receiver.received.map(({ headers }) => String(headers['stripe-signature']));
  const secondOf = (signature: string): number => Number(/^t=(\d+),/.exec(signature)?.[1]);

  it('are off until they are switched on', async () => {
    await sandbox.refund(id, 100);
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=stripe');
    expect(body['webhooks']).toMatchObject([{ provider: 'stripe', mode: 'off', deliveries: [] }]);
    expect(receiver.received).toEqual([]);
  });

  it('tell of a new refund and of its charge', async () => {
    await webhooks('on');
    const { body, headers } = await sandbox.refund(id, 100, { 'metadata[refund_ref]': 'RF-1' }, 'key-1');
    await expect.poll(() => types().toSorted()).toEqual(['charge.refunded', 'refund.created']);
    const byType = (type: string) => events().find((event) => event['type'] === type);
    expect(byType('refund.created')).toEqual({
      id: expect.stringMatching(/^evt_\w{24}$/),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: expect.any(Number),
      data: { object: body },
      livemode: false,
      pending_webhooks: 1,
      request: { id: headers.get('request-id'), idempotency_key: 'key-1' },
      type: 'refund.created',
    });
    expect(byType('charge.refunded')?.['data']).toMatchObject({
      object: { object: 'charge', amount_refunded: 100, currency: 'usd' },
    });
    expect(receiver.received[0]?.path).toBe('/webhooks/stripe-demo');
    for (const { raw, headers: sent } of receiver.received) {
      const signature = String(sent['stripe-signature']);
      expect(signature).toBe(signatureOf(raw, secondOf(signature), [SECRET]));
    }
  });

  it('tell nothing of replays and refusals', async () => {
    await webhooks('on');
    await sandbox.refund(id, 15_001);
    await sandbox.refund(id, 100, {}, 'key-1');
    await sandbox.refund(id, 100, {}, 'key-1');
    await sandbox.settle({ all: true, status: 'reversed' });
    await expect.poll(() => types().includes('refund.failed')).toBe(true);
    expect(types().filter((type) => type === 'refund.created')).toHaveLength(1);
  });

  it('tell of a refund that failed at once, and not of its charge', async () => {
    await webhooks('on');
    await sandbox.fault({ operation: 'createRefund', kind: 'refuse', code: 'declined' });
    await sandbox.refund(id, 100);
    await sandbox.settle({ all: true, status: 'reversed' });
    await expect.poll(() => types().toSorted()).toEqual(['refund.created', 'refund.failed']);
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=stripe');
    expect(body['webhooks']).toMatchObject([{ deliveries: [{}, {}] }]);
  });

  it('tell of every change and of the failure after a success', async () => {
    const refundId = String((await sandbox.refund(id, 100)).body['id']);
    await webhooks('on');
    await sandbox.api('POST', `/refunds/${refundId}`, { body: { 'metadata[k]': 'v' } });
    await expect.poll(() => types().toSorted()).toEqual(['charge.refund.updated', 'refund.updated']);
    receiver.received.length = 0;
    await sandbox.settle({ refundId, status: 'reversed' });
    await expect
      .poll(() => types().toSorted())
      .toEqual(['charge.refund.updated', 'refund.failed', 'refund.updated']);
    expect(objects()).toMatchObject(
      Array.from({ length: 3 }, () => ({ id: refundId, status: 'failed', currency: 'usd' })),
    );
  });

  it('tell of a refund in the dashboard, with neither key nor metadata', async () => {
    await webhooks('on');
    await sandbox.control('POST', '/control/console-refund', {
      provider: 'stripe',
      reference: id,
      amount: { value: '1.00', currency: 'USD' },
    });
    await expect.poll(() => types().toSorted()).toEqual(['charge.refunded', 'refund.created']);
    expect(events()[0]?.['request']).toEqual({ id: null, idempotency_key: null });
    expect(objects()[0]?.['metadata'] ?? {}).toEqual({});
  });

  it('go to each account with its own secret', async () => {
    await webhooks('on');
    const mine = await sandbox.payment({ account: 'prism-demo' });
    await sandbox.api('POST', '/refunds', { apiKey: PRISM_KEY, body: { payment_intent: mine } });
    await expect.poll(types).toHaveLength(2);
    const [first] = receiver.received;
    const signature = signatures()[0] ?? '';
    expect(first?.path).toBe('/webhooks/prism-demo');
    expect(signature).toBe(
      signatureOf(first?.raw ?? '', secondOf(signature), ['whsec_SimStripePrism00000000003']),
    );
  });

  it('carry both signatures for a day after the secret was rolled', async () => {
    await webhooks('on', { secret: 'whsec_next', account: 'stripe-demo' });
    await sandbox.refund(id, 100);
    await expect.poll(types).toHaveLength(2);
    const [first] = receiver.received;
    const signature = signatures()[0] ?? '';
    expect(signature).toBe(signatureOf(first?.raw ?? '', secondOf(signature), ['whsec_next', SECRET]));
    await sandbox.advance(86_401);
    await sandbox.refund(id, 100);
    await expect.poll(types).toHaveLength(4);
    expect(signatures()[3]?.match(/v1=/g)).toHaveLength(1);
    const { body } = await sandbox.control('GET', '/control/credentials?provider=stripe');
    expect(body['stripe']).toMatchObject([{ webhookSecret: 'whsec_next' }, {}, {}]);
  });

  it('come twice, or newest first', async () => {
    await webhooks('duplicate');
    await sandbox.refund(id, 100);
    await expect.poll(types).toHaveLength(4);
    expect(new Set(events().map((event) => event['id'])).size).toBe(2);
    receiver.received.length = 0;
    await webhooks('reorder');
    await sandbox.refund(id, 100);
    await expect.poll(types).toEqual(['charge.refunded', 'refund.created']);
  });

  it('lie: a wrong secret, the signature of other bytes, an old timestamp', async () => {
    await webhooks('forge');
    const refundId = String((await sandbox.refund(id, 100)).body['id']);
    await expect.poll(types).toHaveLength(3);
    const byAmount = (amount: number) => objects().filter((object) => object['amount'] === amount);
    expect(byAmount(99_999_900)).toHaveLength(2);
    expect(byAmount(100)).toMatchObject([{ id: refundId, status: 'succeeded' }]);
    const verdicts = receiver.received.map(({ raw }, index) => {
      const signature = signatures()[index] ?? '';
      const isSigned = signature === signatureOf(raw, secondOf(signature), [SECRET]);
      const isFresh = Math.abs(Date.now() / 1_000 - secondOf(signature)) < 300;
      return `${isSigned ? 'signed' : 'unsigned'}, ${isFresh ? 'fresh' : 'old'}`;
    });
    expect(verdicts.toSorted()).toEqual(['signed, old', 'unsigned, fresh', 'unsigned, fresh']);
  });

  it('are repeated until they are acknowledged', async () => {
    receiver.statuses.push(500, 500);
    await webhooks('on');
    await sandbox.refund(id, 100);
    await expect.poll(types).toHaveLength(4);
    const { body } = await sandbox.control('GET', '/control/webhooks?provider=stripe');
    expect(body['webhooks']).toMatchObject([
      { deliveries: [{ acknowledged: true }, { acknowledged: true }] },
    ]);
  });

  it('are signed anew at every repetition, with the time of that', async () => {
    receiver.statuses.push(...Array.from({ length: 100 }, () => 500));
    await webhooks('on');
    await sandbox.refund(id, 100);
    await expect.poll(types).toContain('refund.created');
    const [first] = receiver.received.filter(({ raw }) => raw.includes('"refund.created"'));
    await sandbox.advance(3_600);
    receiver.statuses.length = 0;
    const deliveries = async () =>
      (await sandbox.control('GET', '/control/webhooks?provider=stripe')).body['webhooks'];
    const acknowledged = { acknowledged: true };
    await expect
      .poll(deliveries, { timeout: 10_000 })
      .toMatchObject([{ deliveries: [acknowledged, acknowledged] }]);
    const last = receiver.received.findLast(({ raw }) => raw === first?.raw);
    const [early, late] = [first, last].map((one) => String(one?.headers['stripe-signature']));
    expect(secondOf(late!) - secondOf(early!)).toBeGreaterThanOrEqual(3_600);
    expect(late).toBe(signatureOf(first!.raw, secondOf(late!), [SECRET]));
  });

  it.each([
    [{ account: 'stripe-demo' }, 'secret'],
    [{ account: 'nobody', secret: 'whsec_next' }, 'account'],
  ])('refuse the mode %j', async (input, field) => {
    expect(await webhooks('on', input)).toMatchObject({ status: 400, body: { error: { field } } });
  });
});
