import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { type PrismHarness, startPrism } from './harness.ts';

let sandbox: PrismHarness;
let psp: string;
let pay: string;

beforeAll(async () => {
  sandbox = await startPrism();
});
afterEach(() => sandbox.control('DELETE', '/control/faults'));
afterAll(() => sandbox.close());

const fresh = async (): Promise<void> => {
  [psp, pay] = await Promise.all([sandbox.adyenPayment(), sandbox.checkoutPayment()]);
};
const refundsOf = async (id: string): Promise<string[]> =>
  (await sandbox.ledger(id)).refunds.map(({ status }) => status);
const both = (): [string, () => ReturnType<PrismHarness['adyenRefund']>][] => [
  [psp, () => sandbox.adyenRefund(psp, 100)],
  [pay, () => sandbox.checkoutRefund(pay, 100)],
];

describe('faults behind prism', () => {
  it('break the connection before and after the effect, at both connectors', async () => {
    await fresh();
    for (const [id, refund] of both()) {
      await sandbox.fault({ operation: 'createRefund', kind: 'lost-before-effect' });
      await expect(refund()).rejects.toThrow('fetch failed');
      expect(await refundsOf(id)).toEqual([]);
      await sandbox.fault({ operation: 'createRefund', kind: 'lost-after-effect' });
      await expect(refund()).rejects.toThrow('fetch failed');
      expect(await refundsOf(id)).toEqual(['succeeded']);
    }
  });

  it('are server errors in the form of the connector', async () => {
    await fresh();
    const forms: Json[] = [{ errorCode: expect.any(String) }, { error_codes: [expect.any(String)] }];
    for (const [index, [id, refund]] of both().entries()) {
      await sandbox.fault({ operation: 'createRefund', kind: 'error-before-effect', status: 503 });
      expect(await refund()).toMatchObject({ status: 503, body: forms[index] });
      expect(await refundsOf(id)).toEqual([]);
      await sandbox.fault({ operation: 'createRefund', kind: 'error-after-effect' });
      expect(await refund()).toMatchObject({ status: 500, body: forms[index] });
      expect(await refundsOf(id)).toEqual(['succeeded']);
    }
  });

  it('are refusals of credentials and of speed without effect', async () => {
    await fresh();
    for (const [id, refund] of both()) {
      await sandbox.fault({ kind: 'unauthorized' });
      await sandbox.fault({ kind: 'forbidden' });
      await sandbox.fault({ kind: 'rate-limited', retryAfterMs: 1_500 });
      expect((await refund()).status).toBe(401);
      expect((await refund()).status).toBe(403);
      const limited = await refund();
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
      expect(await refundsOf(id)).toEqual([]);
    }
  });

  it('are refusals with any code of the connector', async () => {
    await fresh();
    await sandbox.fault({ kind: 'refuse', code: '825', description: 'too many modifications' });
    await sandbox.fault({ kind: 'refuse', code: 'payment_expired', status: 403 });
    const [adyen, checkout] = [await both()[0]![1](), await both()[1]![1]()];
    const message = 'too many modifications';
    expect(adyen).toMatchObject({ status: 422, body: { errorCode: '825', message } });
    expect(checkout).toMatchObject({ status: 403, body: { error_codes: ['payment_expired'] } });
  });

  it('are refunds that are accepted and fail', async () => {
    await fresh();
    for (const [id, refund] of both()) {
      await sandbox.fault({ operation: 'createRefund', kind: 'refuse', code: 'failed' });
      expect([201, 202]).toContain((await refund()).status);
      expect(await refundsOf(id)).toEqual(['failed']);
    }
  });

  it('are wrong amounts where an answer has one; the books are right', async () => {
    await fresh();
    await sandbox.fault({ kind: 'wrong-amount' });
    expect((await sandbox.adyenRefund(psp, 4_000)).body).toMatchObject({ amount: { value: 4_100 } });
    await sandbox.checkoutRefund(pay, 4_000);
    const amount = { value: '1.00', currency: 'EUR' };
    await sandbox.fault({ operation: 'listRefunds', kind: 'wrong-amount', amount });
    const { body } = await sandbox.checkout('GET', `/payments/${pay}/actions`);
    expect((body as unknown as Json[])[0]).toMatchObject({ type: 'Refund', amount: 100 });
    await sandbox.fault({ operation: 'getPayment', kind: 'wrong-amount' });
    expect((await sandbox.checkout('GET', `/payments/${pay}`)).body).toMatchObject({ amount: 15_100 });
    expect((await sandbox.ledger(pay)).refunds).toMatchObject([{ amountMinor: '4000' }]);
  });

  it('wait for a call of a connector that they can happen to', async () => {
    await fresh();
    await sandbox.fault({ operation: 'createRefund', kind: 'unknown-status', word: 'pondering' });
    expect((await sandbox.checkoutRefund(pay, 100)).body).not.toHaveProperty('status');
    expect((await sandbox.adyenRefund(psp, 100)).body).toMatchObject({ status: 'pondering' });
    await sandbox.fault({ operation: '*', kind: 'unknown-status' });
    expect((await sandbox.checkout('GET', `/payments/${pay}`)).body).toMatchObject({
      status: 'under_review',
    });
  });

  it('keep new refunds out of the list of actions', async () => {
    await fresh();
    await sandbox.checkoutRefund(pay, 100);
    const types = async () => {
      const { body } = await sandbox.checkout('GET', `/payments/${pay}/actions`);
      return (body as unknown as Json[]).map(({ type }) => type);
    };
    await sandbox.fault({ kind: 'list-lag', seconds: 60 });
    expect(await types()).toEqual(['Capture', 'Authorization']);
    expect(await types()).toEqual(['Refund', 'Capture', 'Authorization']);
    await sandbox.mode({ listLagSeconds: 60 });
    expect(await types()).toEqual(['Capture', 'Authorization']);
    await sandbox.mode({ listLagSeconds: 0 });
  });

  it('are garbage from what stands in front', async () => {
    await fresh();
    await sandbox.fault({ operation: 'createRefund', kind: 'garbage', status: 502 });
    expect(await sandbox.adyenRefund(psp, 100)).toMatchObject({ status: 502, body: {} });
    expect(await refundsOf(psp)).toEqual(['succeeded']);
  });

  it('can be aimed at a payment', async () => {
    await fresh();
    await sandbox.fault({ kind: 'forbidden', reference: pay });
    expect((await sandbox.adyenRefund(psp, 100)).status).toBe(201);
    expect((await sandbox.checkoutRefund(pay, 100)).status).toBe(403);
  });

  it.each([
    [{ kind: 'busy' }, 'kind'],
    [{ kind: 'processing' }, 'kind'],
    [{ kind: 'key-in-progress' }, 'kind'],
    [{ kind: 'key-conflict' }, 'kind'],
    [{ kind: 'key-forgotten' }, 'kind'],
    [{ kind: 'slow', operation: 'getRefund' }, 'operation'],
    [{ kind: 'list-lag', operation: 'createRefund', seconds: 1 }, 'operation'],
    [{ kind: 'list-lag' }, 'seconds'],
    [{ kind: 'refuse' }, 'code'],
    [{ kind: 'refuse', operation: 'cancelPayment', code: 'failed' }, 'operation'],
  ])('that cannot happen are refused: %j', async (fault, field) => {
    const { status, body } = await sandbox.control('POST', '/control/faults', {
      provider: 'prism',
      ...fault,
    });
    expect([status, (body['error'] as Json | undefined)?.['field']]).toEqual([400, field]);
  });
});
