import Razorpay from 'razorpay';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type WebhookReceiver } from '../webhook-receiver.ts';
import { ACCOUNT, OTHER_ACCOUNT, type RazorpayHarness, startRazorpay } from './harness.ts';

const VERSION = '2.9.8';

/** The client keeps its axios instance in `api.rq`, which its types do not tell. */
interface Pointable {
  rq: { defaults: { baseURL: string; headers: Record<string, unknown> } };
}

describe(`npm razorpay ${VERSION} against the simulator`, () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  function connect({ account = ACCOUNT, secret = 's3cr3t-Part/ner', key = '' } = {}): Razorpay {
    const client = new Razorpay({
      key_id: 'PartnerClient01',
      key_secret: secret,
      headers: { 'X-Razorpay-Account': account },
    });
    const { defaults } = (client.api as unknown as Pointable).rq;
    defaults.baseURL = new URL(sandbox.razorpayUrl).origin; // its paths begin with /v1
    if (key !== '') defaults.headers['X-Refund-Idempotency'] = key;
    return client;
  }

  it('is the version that the guide names', () => {
    expect(Razorpay.VERSION).toBe(VERSION);
  });

  it('reads and captures payments', async () => {
    const client = connect();
    expect(await client.payments.fetch(id)).toMatchObject({ id, status: 'captured', amount: 150_000 });
    const expanded = await client.payments.fetch(id, { 'expand[]': 'refunds' } as never);
    expect(expanded).toMatchObject({ id });
    const held = await sandbox.payment({ status: 'authorized' });
    expect(await client.payments.capture(held, 150_000, 'MYR')).toMatchObject({ status: 'captured' });
    expect((await client.payments.all({ count: 1 })).items).toHaveLength(1);
  });

  it('makes full and partial refunds and reads them one by one', async () => {
    const client = connect();
    const part = await client.payments.refund(id, {
      amount: 50_000,
      speed: 'normal',
      receipt: 'R-1',
      notes: { refund_id: 'R-1' },
    });
    expect(part).toMatchObject({ entity: 'refund', status: 'processed', receipt: 'R-1', payment_id: id });
    expect(await client.payments.fetchRefund(id, part.id)).toEqual(part);
    expect(await client.refunds.fetch(part.id)).toEqual(part);
    expect(await client.refunds.fetch(part.id, { payment_id: id })).toEqual(part);
    await client.payments.refund(id, { amount: 100_000 });
    expect(await client.payments.fetch(id)).toMatchObject({ status: 'refunded', refund_status: 'full' });
  });

  it('lists refunds of the account and of a payment, and edits notes', async () => {
    const client = connect();
    for (let index = 0; index < 12; index += 1) await client.payments.refund(id, { amount: 100 + index });
    expect(await client.refunds.all()).toMatchObject({ entity: 'collection', count: 10 });
    const all = await client.refunds.all({ count: 100, from: Math.floor(Date.now() / 1_000) - 600 });
    expect(all.items.map(({ amount }) => Number(amount)).toSorted((a, b) => a - b)).toHaveLength(12);
    expect(await client.payments.fetchMultipleRefund(id, { count: 5, skip: 10 })).toMatchObject({ count: 2 });
    const [first] = all.items;
    const edited = await client.refunds.edit(first?.id ?? '', { notes: { memo: 'seen' } });
    expect(edited).toMatchObject({ id: first?.id, notes: { memo: 'seen' } });
  });

  it('gets one refund for two calls with the same key', async () => {
    const client = connect({ key: 'rf-2026-000017' });
    await sandbox.fault({ operation: 'createRefund', kind: 'error-after-effect' });
    await expect(client.payments.refund(id, { amount: 100 })).rejects.toMatchObject({ statusCode: 500 });
    const refund = await client.payments.refund(id, { amount: 100 });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { id: refund.id, providerKey: 'rf-2026-000017' },
    ]);
    await expect(client.payments.refund(id, { amount: 200 })).rejects.toMatchObject({ statusCode: 409 });
  });

  it('understands refusals', async () => {
    await expect(connect().payments.refund(id, { amount: 999_999 })).rejects.toMatchObject({
      statusCode: 400,
      error: {
        code: 'BAD_REQUEST_ERROR',
        description: expect.stringContaining('greater than'),
        field: 'amount',
      },
    });
    await expect(connect({ secret: 'wrong' }).payments.fetch(id)).rejects.toMatchObject({ statusCode: 401 });
    await expect(connect({ account: OTHER_ACCOUNT }).payments.fetch(id)).rejects.toMatchObject({
      statusCode: 400,
      error: { description: 'The id provided does not exist' },
    });
    await sandbox.fault({ kind: 'garbage', format: 'gateway', effect: false });
    await expect(connect().payments.fetch(id)).rejects.toEqual({ statusCode: 404, error: undefined });
  });

  describe('on webhooks', () => {
    let receiver: WebhookReceiver;
    beforeEach(async () => {
      receiver = await startReceiver();
    });
    afterEach(() => receiver.close());

    it('validates true signatures and refuses forged ones', async () => {
      const secret = 'whsec-curlec-test-1';
      const judge = (): boolean[] =>
        receiver.received.map(({ raw, headers }) =>
          Razorpay.validateWebhookSignature(raw, String(headers['x-razorpay-signature']), secret),
        );
      const mode = (name: string) =>
        sandbox.control('POST', '/control/webhooks', { provider: 'razorpay', mode: name, url: receiver.url });
      await mode('on');
      await connect().payments.refund(id, { amount: 100, notes: { memo: 'ключ ✓' } });
      await expect.poll(judge).toEqual([true, true]);
      await mode('forge');
      await connect().payments.refund(id, { amount: 100 });
      await expect.poll(judge).toEqual([true, true, false, false]);
    });
  });
});
