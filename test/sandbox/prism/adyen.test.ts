import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eur, MERCHANT, type PrismHarness, startPrism } from './harness.ts';

let sandbox: PrismHarness;

beforeAll(async () => {
  sandbox = await startPrism();
});
afterAll(() => sandbox.close());

const statusesOf = async (psp: string): Promise<string[]> =>
  (await sandbox.ledger(psp)).refunds.map(({ status }) => status);

describe('a refund at adyen', () => {
  it('is received with everything that Prism reads', async () => {
    const psp = await sandbox.adyenPayment();
    const { status, body } = await sandbox.adyenRefund(psp, 4_000, { merchantRefundReason: 'RETURN' });
    expect(status).toBe(201);
    expect(body).toEqual({
      merchantAccount: MERCHANT,
      paymentPspReference: psp,
      pspReference: expect.stringMatching(/^[A-Z0-9]{16}$/),
      reference: 'r1',
      status: 'received',
      amount: { currency: 'EUR', value: 4_000 },
      merchantRefundReason: 'RETURN',
    });
    const [refund] = (await sandbox.ledger(psp)).refunds;
    expect(refund).toMatchObject({
      id: body['pspReference'],
      status: 'succeeded',
      amountMinor: '4000',
      ourReference: 'r1',
      providerKey: null,
    });
  });

  it('is made again by every repetition: there is no key', async () => {
    const psp = await sandbox.adyenPayment();
    await sandbox.adyenRefund(psp, 4_000);
    await sandbox.adyenRefund(psp, 4_000);
    expect(await statusesOf(psp)).toEqual(['succeeded', 'succeeded']);
  });

  it('answers the same when it is pending, and ends by settle', async () => {
    const psp = await sandbox.adyenPayment();
    await sandbox.fault({ operation: 'createRefund', kind: 'pending' });
    const { status, body } = await sandbox.adyenRefund(psp, 4_000);
    expect([status, body['status']]).toEqual([201, 'received']);
    expect(await statusesOf(psp)).toEqual(['pending']);
    await sandbox.settle({ refundId: body['pspReference'], status: 'failed' });
    expect(await statusesOf(psp)).toEqual(['failed']);
  });

  it('of more than is left is received and fails, without taking money', async () => {
    const psp = await sandbox.adyenPayment();
    expect((await sandbox.adyenRefund(psp, 15_001)).status).toBe(201);
    expect((await sandbox.adyenRefund(psp, 15_000)).status).toBe(201);
    expect(await statusesOf(psp)).toEqual(['failed', 'succeeded']);
  });

  it('of more than is left is refused when the mode says so', async () => {
    await sandbox.mode({ adyenOverRefund: 'refuse' });
    const psp = await sandbox.adyenPayment();
    expect(await sandbox.adyenRefund(psp, 15_001)).toMatchObject({
      status: 422,
      body: { status: 422, errorType: 'validation', pspReference: expect.any(String) },
    });
    await sandbox.mode({ adyenOverRefund: 'fail-later' });
    expect(await statusesOf(psp)).toEqual([]);
  });

  it('of a hold is received and fails', async () => {
    const psp = await sandbox.adyenPayment({ status: 'authorized' });
    expect((await sandbox.adyenRefund(psp, 100)).status).toBe(201);
    expect(await statusesOf(psp)).toEqual(['failed']);
  });

  it.each([[0], [-5], [1.5], ['500'], [undefined]])('of %j is refused', async (value) => {
    const psp = await sandbox.adyenPayment();
    expect(await sandbox.adyenRefund(psp, value)).toMatchObject({ status: 422, body: { errorCode: '137' } });
    expect(await statusesOf(psp)).toEqual([]);
  });

  it('in another currency is refused', async () => {
    const psp = await sandbox.adyenPayment();
    const extra = { amount: { currency: 'USD', value: 100 } };
    expect(await sandbox.adyenRefund(psp, 0, extra)).toMatchObject({ status: 422 });
    expect(await statusesOf(psp)).toEqual([]);
  });

  it('takes the reasons of the documentation only, unless the mode accepts any', async () => {
    const psp = await sandbox.adyenPayment();
    const extra = { merchantRefundReason: 'the customer was sad' };
    expect((await sandbox.adyenRefund(psp, 100, extra)).status).toBe(422);
    await sandbox.mode({ adyenReasons: 'accept' });
    expect((await sandbox.adyenRefund(psp, 100, extra)).status).toBe(201);
    await sandbox.mode({ adyenReasons: 'refuse' });
  });

  it('of an unknown, a malformed and another merchant’s payment is error 167', async () => {
    const foreign = await sandbox.adyenPayment({ account: 'prism-other' });
    const checkout = await sandbox.checkoutPayment();
    for (const id of ['UNKNOWN000000000', 'x', foreign, checkout]) {
      expect(await sandbox.adyenRefund(id, 100)).toMatchObject({ status: 422, body: { errorCode: '167' } });
    }
  });

  it('needs the key and the merchant account that belong together', async () => {
    const psp = await sandbox.adyenPayment();
    const path = `/v68/payments/${psp}/refunds`;
    expect((await sandbox.adyen('POST', path, { secret: null })).status).toBe(401);
    expect(await sandbox.adyen('POST', path, { secret: 'wrong' })).toMatchObject({
      status: 401,
      body: { status: 401, errorCode: '000', errorType: 'security' },
    });
    const wrong = await sandbox.adyenRefund(psp, 100, { merchantAccount: 'SimOtherECOM' });
    expect(wrong).toMatchObject({ status: 403, body: { errorCode: '901' } });
    expect(await statusesOf(psp)).toEqual([]);
  });

  it('keeps minor units of currencies without decimals', async () => {
    const psp = await sandbox.adyenPayment({ amount: { value: '5000', currency: 'JPY' } });
    await sandbox.adyenRefund(psp, 0, { amount: { currency: 'JPY', value: 5_000 } });
    expect((await sandbox.ledger(psp)).refunds).toMatchObject([{ amountMinor: '5000', status: 'succeeded' }]);
  });

  it('cannot be read, and neither can a payment', async () => {
    const psp = await sandbox.adyenPayment();
    expect((await sandbox.adyen('GET', `/v68/payments/${psp}`)).status).toBe(404);
    expect((await sandbox.adyen('GET', `/v68/payments/${psp}/refunds`)).status).toBe(404);
  });
});

describe('a cancel at adyen', () => {
  const cancel = (psp: string) =>
    sandbox.adyen('POST', `/v68/payments/${psp}/cancels`, {
      body: { merchantAccount: MERCHANT, reference: 'v1' },
    });

  it('releases a hold', async () => {
    const psp = await sandbox.adyenPayment({ status: 'authorized', amount: eur('20.00') });
    expect(await sandbox.ledger(psp)).toMatchObject({ voided: false, releasedMinor: '0' });
    expect(await cancel(psp)).toMatchObject({
      status: 201,
      body: { paymentPspReference: psp, reference: 'v1', status: 'received' },
    });
    expect(await sandbox.ledger(psp)).toMatchObject({ voided: true, releasedMinor: '2000' });
  });

  it('of a captured payment is received too, and changes nothing', async () => {
    const psp = await sandbox.adyenPayment();
    expect((await cancel(psp)).status).toBe(201);
    expect(await sandbox.ledger(psp)).toMatchObject({ voided: false, status: 'captured' });
  });
});
