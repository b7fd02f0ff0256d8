import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type Json, rub } from '../harness.ts';
import { jwt, jwtText, type RobokassaHarness, startRobokassa } from './harness.ts';

const MUG = {
  Name: 'Mug',
  Quantity: 2,
  Cost: 200,
  Tax: 'vat20',
  PaymentMethod: 'full_payment',
  PaymentObject: 'commodity',
};

describe('robokassa Create', () => {
  let sandbox: RobokassaHarness;
  let id: string;
  let opKey: string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    id = await sandbox.payment();
    opKey = await sandbox.opKey(id);
  });
  afterEach(() => sandbox.close());

  const amounts = async (): Promise<string[]> =>
    (await sandbox.ledger(id)).refunds.map(({ amountMinor }) => amountMinor);
  const refused = (message: string): Json => ({ success: false, message, requestId: null });

  it('takes a JSON string under application/json and answers JSON', async () => {
    const { status, body, headers } = await sandbox.refund(id, 400);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(body).toEqual({
      success: true,
      message: null,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(await amounts()).toEqual(['40000']);
  });

  it.each([
    ['text/plain', (token: string) => token, 415],
    ['application/jwt', (token: string) => token, 415],
    ['text/plain', (token: string) => `"${token}"`, 415],
    ['application/json', (token: string) => token, 400],
    ['application/json', (token: string) => `{"token":"${token}"}`, 400],
    ['application/json', () => '"not a jwt"', 400],
    ['application/json', () => '', 400],
    ['application/json; charset=utf-8', (token: string) => `"${token}"`, 200],
  ])('strict: %s with body %s answers %i', async (type, body, status) => {
    expect((await sandbox.createRaw(body(jwt({ OpKey: opKey })), type)).status).toBe(status);
    expect(await amounts()).toHaveLength(status === 200 ? 1 : 0);
  });

  it('lenient: takes a bare JWT under three content types', async () => {
    await sandbox.mode({ createBody: 'lenient' });
    const token = jwt({ OpKey: opKey, RefundSum: 1 });
    for (const type of ['text/plain', 'application/jwt', 'application/json']) {
      expect((await sandbox.createRaw(token, type)).body['success']).toBe(true);
    }
    expect((await sandbox.createRaw(`"${token}"`)).body['success']).toBe(true);
    expect((await sandbox.createRaw(token, 'application/xml')).status).toBe(415);
    expect(await amounts()).toHaveLength(4);
  });

  it.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
    ['SHA256', 'sha256'],
    ['SHA512', 'sha512'],
  ])('takes a JWT with alg %s', async (alg, digest) => {
    const claims = { OpKey: opKey, RefundSum: 1 };
    expect((await sandbox.create(claims, { header: { alg }, digest })).body['success']).toBe(true);
  });

  it('refuses any other alg with 401, and the aliases when they are switched off', async () => {
    const claims = { OpKey: opKey, RefundSum: 1 };
    await sandbox.mode({ algSha256: false });
    for (const alg of ['none', 'RS256', 'hs256', 'SHA256', undefined]) {
      const { status, body } = await sandbox.create(claims, { header: { alg, typ: 'JWT' } });
      expect([status, body]).toEqual([401, refused('Signature key is not exists')]);
    }
    const [header = '', payload = ''] = jwt(claims, { header: { alg: 'none' } }).split('.');
    expect((await sandbox.createRaw(`"${header}.${payload}."`)).status).toBe(401);
    expect((await sandbox.create(claims, { header: { alg: 'HS512' }, digest: 'sha256' })).status).toBe(401);
    expect(await amounts()).toEqual([]);
  });

  it('refuses another key, also of another shop, with 401', async () => {
    for (const key of ['pass2-secret', 'demo-shop:pass1-secret', 'other-pass3-secret']) {
      const { status, body } = await sandbox.create({ OpKey: opKey }, { key });
      expect([status, body]).toEqual([401, refused('Signature key is not exists')]);
    }
    expect((await sandbox.create({ OpKey: 'unknown' }, { key: 'nobody' })).status).toBe(401);
    expect(await amounts()).toEqual([]);
  });

  it('refuses everybody without Password3', async () => {
    await sandbox.mode({ password3: 'absent' });
    const { status, body } = await sandbox.refund(id);
    expect([status, body]).toEqual([
      401,
      refused('Signature key is not exists or partner have not access to API'),
    ]);
  });

  it('refuses an unknown OpKey in configurable words, under either status', async () => {
    const unknown = { OpKey: '0C1D2E3F-4A5B-4C6D-8E7F-90A1B2C3D4E5-x1Y2z3W4v5' };
    expect((await sandbox.create(unknown)).status).toBe(200);
    await sandbox.mode({ rejectionStatus: 400, texts: { unknownOpKey: 'WhoIsThat' } });
    const { status, body } = await sandbox.create(unknown);
    expect([status, body]).toEqual([400, refused('WhoIsThat')]);
  });

  it.each([0, -1, 0.001, 50.255, '50.00', 1e21, true])('refuses RefundSum %j', async (sum) => {
    const { body } = await sandbox.create({ OpKey: opKey, RefundSum: sum });
    expect(body).toEqual(refused('InvalidRefundSum'));
    expect(await amounts()).toEqual([]);
  });

  it.each([{}, { OpKey: 7 }, ['OpKey'], 'OpKey'])('refuses the claims %j', async (claims) => {
    expect((await sandbox.create(claims)).body).toEqual(refused('InvalidRequest'));
  });

  it('reads 50, 50.0 and 50.25 to the kopeck', async () => {
    for (const sum of ['50', '50.0', '50.25', '0.01', '100.10']) {
      expect(
        (await sandbox.createRaw(JSON.stringify(jwtText(`{"OpKey":"${opKey}","RefundSum":${sum}}`)))).body[
          'success'
        ],
      ).toBe(true);
    }
    expect(await amounts()).toEqual(['5000', '5000', '5025', '1', '10010']);
  });

  it('has no idempotency: the same JWT again is another refund while money remains', async () => {
    const body = JSON.stringify(jwt({ OpKey: opKey, RefundSum: 600 }));
    const first = await sandbox.createRaw(body);
    const second = await sandbox.createRaw(body);
    expect(second.body['requestId']).not.toBe(first.body['requestId']);
    expect((await sandbox.createRaw(body)).body).toEqual(refused('NotEnoughOperationFunds'));
    expect(await amounts()).toEqual(['60000', '60000']);
  });

  it('counts processing refunds, frees canceled ones, and takes the rest when no sum is given', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const { body } = await sandbox.refund(id, 1_000);
    expect((await sandbox.refund(id, 500.01)).body).toEqual(refused('NotEnoughOperationFunds'));
    await sandbox.settle({ refundId: body['requestId'], status: 'canceled' });
    expect((await sandbox.refund(id, 500.01)).body['success']).toBe(true);
    expect((await sandbox.refund(id)).body['success']).toBe(true);
    expect((await sandbox.refund(id)).body).toEqual(refused('NotEnoughOperationFunds'));
    expect(await amounts()).toEqual(['100000', '50001', '99999']);
  });

  it('never gives back more than was paid, however many ask at once', async () => {
    const replies = await Promise.all(Array.from({ length: 40 }, () => sandbox.refund(id, 100)));
    expect(replies.filter(({ body }) => body['success'] === true)).toHaveLength(15);
  });

  it('measures against what the shop got, not against what the buyer paid', async () => {
    const dear = await sandbox.payment({ amount: rub('1000.00'), paidByBuyer: rub('1035.00') });
    expect((await sandbox.refund(dear, 1_000.01)).body['success']).toBe(false);
    expect((await sandbox.refund(dear, 1_000)).body['success']).toBe(true);
  });

  it('says the same when the balance of the shop is too low', async () => {
    await sandbox.mode({ shopBalance: 'too-low' });
    expect((await sandbox.refund(id, 1)).body).toEqual(refused('NotEnoughOperationFunds'));
    await sandbox.mode({ shopBalance: 'enough' });
    expect((await sandbox.refund(id, 1)).body['success']).toBe(true);
  });

  it.each(['5', '10', '20', '50', '60', '80'])('refuses a payment in state %s', async (state) => {
    const other = await sandbox.payment({ state });
    expect((await sandbox.refund(other, 1)).body).toEqual(refused('OperationIsNotPaid'));
  });

  it('refuses old payments only when there is a limit', async () => {
    const old = await sandbox.payment({ createdAt: new Date(Date.now() - 400 * 86_400_000).toISOString() });
    expect((await sandbox.refund(old, 1)).body['success']).toBe(true);
    await sandbox.mode({ refundableDays: 365 });
    expect((await sandbox.refund(old, 1)).body).toEqual(refused('RefundPeriodExpired'));
    expect((await sandbox.refund(id, 1)).body['success']).toBe(true);
  });

  describe('with items', () => {
    let sold: string;
    beforeEach(async () => {
      const items = [
        { id: '1', title: 'Mug', quantity: '2', unitPrice: rub('200.00') },
        { id: '2', title: 'Cloth', quantity: '1.5', unitPrice: rub('33.33') },
      ];
      sold = await sandbox.payment({ amount: rub('450.00'), items });
    });
    const withItems = (sum: number | undefined, items: unknown) =>
      sandbox.refund(sold, sum, { InvoiceItems: items });

    it('takes items of the receipt that add up to the sum within 0.01', async () => {
      expect((await withItems(400, [MUG])).body['success']).toBe(true);
      const cloth = { ...MUG, Name: 'Cloth', Quantity: 1.5, Cost: 33.33, Tax: 'none' };
      expect((await withItems(undefined, [cloth])).body['success']).toBe(true);
    });

    it.each([
      ['another sum', 300, [MUG]],
      ['a name that was not sold', 400, [{ ...MUG, Name: 'Cup' }]],
      ['another price', 400, [{ ...MUG, Quantity: 1, Cost: 400 }]],
      ['more than was sold', 450, [{ ...MUG, Quantity: 2.25 }]],
      ['an unknown tax', 400, [{ ...MUG, Tax: 'vat99' }]],
      ['an unknown payment method', 400, [{ ...MUG, PaymentMethod: 'barter' }]],
      ['a long name', 400, [{ ...MUG, Name: 'x'.repeat(129) }]],
      ['a quantity in words', 400, [{ ...MUG, Quantity: '2' }]],
      ['101 items', 400, Array.from({ length: 101 }, () => MUG)],
      ['no array', 400, MUG],
    ])('refuses %s', async (_name, sum, items) => {
      expect((await withItems(sum, items)).body).toEqual(refused('InvalidInvoiceItems'));
      await sandbox.mode({ items: 'lenient' });
      expect((await withItems(sum, items)).body['success']).toBe(true);
    });
  });

  it('is a POST', async () => {
    const { status } = await call(`${sandbox.robokassaUrl}/RefundService/Refund/Create`, {});
    expect(status).toBe(405);
  });
});
