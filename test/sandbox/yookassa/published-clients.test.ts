import { createRequire } from 'node:module';
import { YooCheckout } from '@a2seven/yoo-checkout';
import { clearYooKassaCache, CurrencyEnum, YooKassa } from '@webzaytsev/yookassa-ts-sdk';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEMO, freshKey, type Harness, rub, startHarness } from '../harness.ts';

// Plain http needs the debug mode of @webzaytsev/yookassa-ts-sdk, which prints every call.
const print = vi.hoisted(() => {
  const { log } = console;
  console.log = () => undefined;
  return log;
});
afterAll(() => {
  console.log = print;
});

const roubles = (value: string) => ({ value, currency: CurrencyEnum.RUB });

type Wire = Record<string, unknown>;

/** npm `yookassa` has no types: the part of its API that the tests call. */
interface OldClient {
  getPayment(id: string): Promise<Wire>;
  createRefund(paymentId: string, amount: { value: string; currency: string }, key: string): Promise<Wire>;
  getRefund(id: string): Promise<Wire>;
  cancelPayment(id: string): Promise<Wire>;
  capturePayment(id: string, amount: { value: string; currency: string }): Promise<Wire>;
}
const OldYooKassa = createRequire(import.meta.url)('yookassa') as new (options: {
  shopId: string;
  secretKey: string;
  apiUrl: string;
}) => OldClient;

describe('published clients against the simulator', () => {
  let sandbox: Harness;
  let id: string;
  let held: string;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    id = await sandbox.payment();
    held = await sandbox.payment({ status: 'authorized' });
  });
  afterEach(() => sandbox.close());

  describe('@a2seven/yoo-checkout', () => {
    const connect = (secretKey = DEMO.secretKey): YooCheckout => {
      const client = new YooCheckout({ shopId: DEMO.shopId, secretKey });
      Object.assign(client, { root: sandbox.yookassaUrl });
      return client;
    };

    it('creates, reads and lists refunds', async () => {
      const client = connect();
      const refund = await client.createRefund({ payment_id: id, amount: rub('400.00') }, 'a2-1');
      expect(refund).toMatchObject({ status: 'succeeded', payment_id: id });
      expect(await client.createRefund({ payment_id: id, amount: rub('400.00') }, 'a2-1')).toMatchObject({
        id: refund.id,
      });
      expect(await client.getRefund(refund.id)).toMatchObject({ id: refund.id, amount: rub('400.00') });
      const since = { value: '2026-01-01T00:00:00.000Z', mode: 'gte' as const };
      expect(await client.getRefundList({ limit: 20, created_at: since })).toMatchObject({
        items: [{ id: refund.id }],
      });
      const later = { value: '2999-01-01T00:00:00.000Z', mode: 'gte' as const };
      expect(await client.getRefundList({ created_at: later })).toMatchObject({ items: [] });
    });

    it('reads, captures and cancels payments', async () => {
      const client = connect();
      expect(await client.getPayment(id)).toMatchObject({ status: 'succeeded', amount: rub('1500.00') });
      expect(await client.cancelPayment(held, freshKey())).toMatchObject({ status: 'canceled' });
      const second = await sandbox.payment({ status: 'authorized' });
      expect(await client.capturePayment(second, { amount: rub('1.00') }, freshKey())).toMatchObject({
        status: 'succeeded',
      });
      expect((await client.getPaymentList({ limit: 2 })).items).toHaveLength(2);
    });

    it('understands refusals', async () => {
      await expect(
        connect().createRefund({ payment_id: id, amount: rub('9999.00') }, 'a2-2'),
      ).rejects.toMatchObject({
        response: { status: 400, data: { code: 'invalid_request', parameter: 'amount' } },
      });
      await expect(connect('wrong').getPayment(id)).rejects.toMatchObject({
        response: { status: 401, data: { code: 'invalid_credentials' } },
      });
    });
  });

  describe('yookassa', () => {
    const connect = (): OldClient => new OldYooKassa({ ...DEMO, apiUrl: `${sandbox.yookassaUrl}/` });

    it('creates and reads refunds, reads, captures and cancels payments', async () => {
      const client = connect();
      const refund = await client.createRefund(id, rub('400.00'), 'old-1');
      expect(refund).toMatchObject({ status: 'succeeded', payment_id: id });
      expect(await client.getRefund(String(refund['id']))).toMatchObject({ id: refund['id'] });
      expect(await client.getPayment(id)).toMatchObject({ refunded_amount: rub('400.00') });
      expect(await client.cancelPayment(held)).toMatchObject({ status: 'canceled' });
      const second = await sandbox.payment({ status: 'authorized' });
      expect(await client.capturePayment(second, rub('1500.00'))).toMatchObject({ status: 'succeeded' });
    });

    it('repeats a 202 with the same key until there is a result', async () => {
      await sandbox.fault({
        operation: 'createRefund',
        kind: 'processing',
        retryAfterMs: 20,
        effect: true,
        times: 2,
      });
      expect(await connect().createRefund(id, rub('400.00'), 'old-2')).toMatchObject({ status: 'succeeded' });
      expect((await sandbox.ledger(id)).refunds).toHaveLength(1);
    });

    it('understands refusals', async () => {
      await expect(connect().createRefund(id, rub('9999.00'), 'old-3')).rejects.toMatchObject({
        name: 'PaymentError',
        code: 'invalid_request',
        parameter: 'amount',
      });
    });
  });

  describe('@webzaytsev/yookassa-ts-sdk', () => {
    const connect = (retries: number): ReturnType<typeof YooKassa> => {
      clearYooKassaCache();
      return YooKassa({
        shop_id: DEMO.shopId,
        secret_key: DEMO.secretKey,
        endpoint: sandbox.yookassaUrl,
        debug: true,
        retries,
        maxRPS: 100,
      });
    };

    it('creates, reads and lists refunds through several pages', async () => {
      const sdk = connect(0);
      const refund = await sdk.refunds.create({ payment_id: id, amount: roubles('400.00') }, 'ts-1');
      expect(refund).toMatchObject({ status: 'succeeded', payment_id: id });
      expect(await sdk.refunds.load(refund.id)).toMatchObject({ id: refund.id });
      for (let index = 0; index < 4; index += 1) await sandbox.refund(id, '1.00');
      const listed = await sdk.refunds.list({ payment_id: id, limit: 2 });
      expect(listed).toHaveLength(5);
      expect(new Set(listed.map((item) => item.id)).size).toBe(5);
    });

    it('lists with its bracketed filter names, which are ignored', async () => {
      const sdk = connect(0);
      await sandbox.refund(id, '1.00');
      expect(await sdk.refunds.list({ created_at: { gte: '2999-01-01T00:00:00.000Z' } })).toHaveLength(1);
    });

    it('reads and cancels payments', async () => {
      const sdk = connect(0);
      expect(await sdk.payments.load(id)).toMatchObject({ status: 'succeeded' });
      expect(await sdk.payments.cancel(held, freshKey())).toMatchObject({ status: 'canceled' });
      expect(await sdk.payments.list({ status: 'canceled' })).toMatchObject([{ id: held }]);
    });

    it('repeats after a lost answer with the same key and gets one refund', async () => {
      await sandbox.fault({ operation: 'createRefund', kind: 'error-after-effect' });
      const refund = await connect(2).refunds.create({ payment_id: id, amount: roubles('400.00') }, 'ts-2');
      expect(refund.status).toBe('succeeded');
      expect((await sandbox.ledger(id)).refunds).toMatchObject([{ id: refund.id, providerKey: 'ts-2' }]);
    });

    it('understands refusals', async () => {
      await expect(
        connect(0).refunds.create({ payment_id: id, amount: roubles('9999.00') }, 'ts-3'),
      ).rejects.toMatchObject({ name: 'invalid_request' });
    });
  });
});
