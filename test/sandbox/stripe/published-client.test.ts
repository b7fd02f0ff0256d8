import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signatureOf } from '../../../sandbox/stripe/webhooks.ts';
import { startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { API_KEY, OTHER_KEY, startStripe, type StripeHarness, usd } from './harness.ts';

const VERSION = '23.1.0';

describe(`npm stripe ${VERSION} against the simulator`, () => {
  let sandbox: StripeHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  function connect(apiKey = API_KEY, maxNetworkRetries = 0): Stripe {
    const { hostname: host, port } = new URL(sandbox.stripeUrl);
    return new Stripe(apiKey, { host, port, protocol: 'http', telemetry: false, maxNetworkRetries });
  }

  it('is the version that the guide names', () => {
    expect(Stripe.PACKAGE_VERSION).toBe(VERSION);
  });

  it('makes, reads, updates and expands refunds', async () => {
    const client = connect();
    const part = await client.refunds.create({
      payment_intent: id,
      amount: 5_000,
      reason: 'requested_by_customer',
      metadata: { refund_ref: 'RF-1', memo: 'ключ ✓' },
    });
    expect(part).toMatchObject({
      object: 'refund',
      status: 'succeeded',
      amount: 5_000,
      currency: 'usd',
      payment_intent: id,
      reason: 'requested_by_customer',
      metadata: { refund_ref: 'RF-1', memo: 'ключ ✓' },
    });
    expect(await client.refunds.retrieve(part.id)).toEqual({ ...part, lastResponse: undefined });
    const updated = await client.refunds.update(part.id, { metadata: { memo: '', seen: 'yes' } });
    expect(updated.metadata).toEqual({ refund_ref: 'RF-1', seen: 'yes' });
    const expanded = await client.refunds.retrieve(part.id, { expand: ['payment_intent', 'charge'] });
    expect(expanded.payment_intent).toMatchObject({ id, object: 'payment_intent' });
    expect(expanded.charge).toMatchObject({ object: 'charge', amount_refunded: 5_000, refunded: false });
    const rest = await client.refunds.create({ charge: id.replace('pi_', 'ch_') });
    expect(rest.amount).toBe(10_000);
  });

  it('lists refunds with auto-paging', async () => {
    const client = connect();
    const made: string[] = [];
    for (let index = 0; index < 12; index += 1)
      made.unshift((await client.refunds.create({ payment_intent: id, amount: 100 + index })).id);
    const other = await sandbox.payment();
    await client.refunds.create({ payment_intent: other });
    const listed: string[] = [];
    for await (const refund of client.refunds.list({ payment_intent: id, limit: 5 })) listed.push(refund.id);
    expect(listed).toEqual(made);
    const page = await client.refunds.list({ created: { gte: 1 }, expand: ['data.payment_intent'] });
    expect(page).toMatchObject({ object: 'list', has_more: true, url: '/v1/refunds' });
    expect(page.data[0]?.payment_intent).toMatchObject({ id: other });
    const newer = await client.refunds.list({ payment_intent: id, ending_before: made[5] ?? '', limit: 2 });
    expect([newer.data.map((refund) => refund.id), newer.has_more]).toEqual([made.slice(3, 5), true]);
  });

  it('cancels a refund that requires an action', async () => {
    await sandbox.mode({ refunds: 'requires_action' });
    const client = connect();
    const refund = await client.refunds.create({ payment_intent: id });
    expect(refund.status).toBe('requires_action');
    expect(await client.refunds.cancel(refund.id)).toMatchObject({
      status: 'canceled',
      failure_reason: 'merchant_request',
    });
    await expect(client.refunds.cancel(refund.id)).rejects.toBeInstanceOf(
      Stripe.errors.StripeInvalidRequestError,
    );
  });

  it('reads, captures and cancels payment intents', async () => {
    const client = connect();
    const held = await sandbox.payment({ status: 'authorized', amount: usd('20.00') });
    expect(await client.paymentIntents.retrieve(held)).toMatchObject({
      status: 'requires_capture',
      amount_capturable: 2_000,
    });
    const captured = await client.paymentIntents.capture(held, { amount_to_capture: 600 });
    expect(captured).toMatchObject({ status: 'succeeded', amount_received: 600, amount_capturable: 0 });
    const expanded = await client.paymentIntents.retrieve(held, { expand: ['latest_charge'] });
    expect(expanded.latest_charge).toMatchObject({ amount: 2_000, amount_captured: 600, amount_refunded: 0 });
    const second = await sandbox.payment({ status: 'authorized' });
    const canceled = await client.paymentIntents.cancel(second, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
    expect(await sandbox.ledger(second)).toMatchObject({ voided: true, releasedMinor: '15000' });
  });

  it('gets one refund for two calls with the same key, and has keys of its own', async () => {
    const client = connect(API_KEY, 2);
    await sandbox.fault({ operation: 'createRefund', kind: 'lost-after-effect' });
    const refund = await client.refunds.create({ payment_intent: id, amount: 100 });
    const { refunds } = await sandbox.ledger(id);
    expect(refunds).toMatchObject([
      { id: refund.id, providerKey: expect.stringMatching(/^stripe-node-retry-/) },
    ]);
    const options = { idempotencyKey: 'rf-2026-000017' };
    const keyed = await client.refunds.create({ payment_intent: id, amount: 200 }, options);
    const again = await client.refunds.create({ payment_intent: id, amount: 200 }, options);
    expect(again.id).toBe(keyed.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  });

  describe('has the error class for', () => {
    const { errors } = Stripe;
    const thrown = (client: Stripe, amount = 100) =>
      client.refunds.create({ payment_intent: id, amount }).then(
        () => undefined,
        (error: unknown) => error,
      );
    const refuse = (code: string, status?: number) =>
      sandbox.fault({ operation: 'createRefund', kind: 'refuse', code, ...(status && { status }) });

    it('400 and 404', async () => {
      const tooMuch = await thrown(connect(), 15_001);
      expect(tooMuch).toBeInstanceOf(errors.StripeInvalidRequestError);
      expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount', code: undefined });
      const foreign = await thrown(connect(OTHER_KEY));
      expect(foreign).toBeInstanceOf(errors.StripeInvalidRequestError);
      expect(foreign).toMatchObject({
        statusCode: 404,
        code: 'resource_missing',
        message: `No such payment_intent: '${id}'`,
      });
    });

    it('401', async () => {
      const error = await thrown(connect('sk_test_wrong'));
      expect(error).toBeInstanceOf(errors.StripeAuthenticationError);
      expect(error).toMatchObject({ requestId: expect.stringMatching(/^req_\w{14}$/) });
    });

    it('402', async () => {
      await refuse('card_declined');
      expect(await thrown(connect())).toBeInstanceOf(errors.StripeCardError);
    });

    it('403', async () => {
      await sandbox.fault({ operation: 'createRefund', kind: 'forbidden' });
      expect(await thrown(connect())).toBeInstanceOf(errors.StripePermissionError);
    });

    it('429', async () => {
      await sandbox.fault({ operation: 'createRefund', kind: 'rate-limited' });
      const error = await thrown(connect());
      expect(error).toBeInstanceOf(errors.StripeRateLimitError);
      expect(error).toMatchObject({ code: 'rate_limit' });
    });

    it('a key with other parameters', async () => {
      const client = connect();
      const options = { idempotencyKey: 'one-key' };
      await client.refunds.create({ payment_intent: id, amount: 100 }, options);
      await expect(
        client.refunds.create({ payment_intent: id, amount: 101 }, options),
      ).rejects.toBeInstanceOf(errors.StripeIdempotencyError);
    });

    it.each([
      ['key-in-progress', {}, 409],
      ['error-before-effect', {}, 500],
      ['error-before-effect', { status: 503 }, 503],
    ])('%s %j', async (kind, options, statusCode) => {
      await sandbox.fault({ operation: 'createRefund', kind, ...options });
      const error = await thrown(connect());
      expect(error).toBeInstanceOf(errors.StripeAPIError);
      expect(error).toMatchObject({ statusCode });
    });
  });

  describe('on webhooks', () => {
    let receiver: WebhookReceiver;
    beforeEach(async () => {
      receiver = await startReceiver();
    });
    afterEach(() => receiver.close());

    const secret = 'whsec_SimStripeDemo000000000001';

    it('accepts true events and refuses forged ones', async () => {
      const judge = (): boolean[] =>
        receiver.received.map(({ raw, headers }) => {
          try {
            return (
              connect().webhooks.constructEvent(raw, String(headers['stripe-signature']), secret).object ===
              'event'
            );
          } catch (error) {
            expect(error).toBeInstanceOf(Stripe.errors.StripeSignatureVerificationError);
            return false;
          }
        });
      const mode = (name: string) =>
        sandbox.control('POST', '/control/webhooks', { provider: 'stripe', mode: name, url: receiver.url });
      await mode('on');
      await connect().refunds.create({ payment_intent: id, amount: 100, metadata: { memo: 'ключ ✓' } });
      await expect.poll(judge).toEqual([true, true]);
      await mode('forge');
      await connect().refunds.create({ payment_intent: id, amount: 100 });
      await expect.poll(judge).toEqual([true, true, false, false, false]);
    });

    it('agrees on the signature of known bytes', () => {
      const body = '{"id":"evt_1","object":"event"}';
      const header = signatureOf(body, 1_700_000_000, ['whsec_test']);
      expect(header).toBe('t=1700000000,v1=4c15fb2a43f93ef61eaa3e0893866d57cad9cad4223242cfb96f362480cb4021');
      const receivedAt = 1_700_000_100;
      const event = connect().webhooks.constructEvent(
        body,
        header,
        'whsec_test',
        300,
        undefined,
        receivedAt * 1_000,
      );
      expect(event.id).toBe('evt_1');
    });
  });
});
