import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, type Json, rub, startHarness } from '../harness.ts';

describe('yookassa receipts', () => {
  let sandbox: Harness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const item = (change: Json = {}): Json => ({
    description: 'Mug',
    quantity: 2.0,
    amount: rub('200.00'),
    vat_code: 2,
    ...change,
  });
  const receipt = (...items: Json[]): Json => ({
    receipt: { customer: { email: 'buyer@example.com' }, items },
  });

  it('accepts a receipt whose items add up exactly, thousandths included', async () => {
    const { status, body } = await sandbox.refund(id, '400.00', receipt(item()));
    expect(status).toBe(200);
    expect(body['receipt_registration']).toBe('succeeded');
    expect(
      (await sandbox.refund(id, '25.01', receipt(item({ quantity: 0.125, amount: rub('200.08') })))).status,
    ).toBe(200);
    expect(
      (await sandbox.refund(id, '0.30', receipt(item({ quantity: 0.3, amount: rub('1.00') })))).status,
    ).toBe(400);
  });

  it.each([
    ['another sum', receipt(item({ quantity: 1 }))],
    ['another currency', receipt(item({ amount: { value: '200.00', currency: 'USD' } }))],
    ['no customer', { receipt: { items: [item()] } }],
    ['nobody to reach', { receipt: { customer: {}, items: [item()] } }],
    ['no items', receipt()],
    ['81 items', receipt(...Array.from({ length: 81 }, () => item()))],
    ['an empty description', receipt(item({ description: '' }))],
    ['a long description', receipt(item({ description: 'x'.repeat(129) }))],
    ['no VAT code', receipt(item({ vat_code: undefined }))],
    ['VAT code 13', receipt(item({ vat_code: 13 }))],
    ['four decimals of quantity', receipt(item({ quantity: 2.0001 }))],
    ['quantity zero', receipt(item({ quantity: 0 }))],
  ])('refuses a receipt with %s', async (_name, extra) => {
    const reply = await sandbox.refund(id, '400.00', extra);
    expect(reply.status).toBe(400);
    expect(reply.body['parameter']).toMatch(/^receipt/);
  });

  it('can require a receipt for partial refunds; a full one reuses the receipt of the payment', async () => {
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', receiptRequired: true });
    expect(await sandbox.refund(id, '400.00')).toMatchObject({ status: 400, body: { parameter: 'receipt' } });
    expect((await sandbox.refund(id, '1500.00')).status).toBe(200);
  });
});

describe('yookassa split payments', () => {
  let sandbox: Harness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    id = await sandbox.payment({
      sources: [
        { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
        { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
      ],
    });
  });
  afterEach(() => sandbox.close());

  const source = (account: string, value: string, fee?: string): Json => ({
    sources: [
      {
        account_id: account,
        amount: rub(value),
        ...(fee !== undefined && { platform_fee_amount: rub(fee) }),
      },
    ],
  });

  it('shows transfers with their fees', async () => {
    expect((await sandbox.api('GET', `/payments/${id}`)).body['transfers']).toEqual([
      { account_id: '200601', amount: rub('900.00'), platform_fee_amount: rub('90.00'), status: 'succeeded' },
      { account_id: '200602', amount: rub('600.00'), platform_fee_amount: rub('60.00'), status: 'succeeded' },
    ]);
  });

  it('answers a full refund without sources with one entry per store and no fee', async () => {
    const { body } = await sandbox.refund(id, '1500.00');
    expect(body['sources']).toEqual([
      { account_id: '200601', amount: rub('900.00') },
      { account_id: '200602', amount: rub('600.00') },
    ]);
    expect((await sandbox.ledger(id)).refunds[0]?.sources).toEqual([
      { account: '200601', amountMinor: '90000', feeMinor: '0' },
      { account: '200602', amountMinor: '60000', feeMinor: '0' },
    ]);
  });

  it('takes a partial refund from the named store, fee included', async () => {
    const reply = await sandbox.refund(id, '300.00', source('200601', '300.00', '30.00'));
    expect(reply).toMatchObject({
      status: 200,
      body: { sources: source('200601', '300.00', '30.00')['sources'] },
    });
    expect((await sandbox.refund(id, '600.01', source('200601', '600.01'))).status).toBe(400);
    expect((await sandbox.refund(id, '600.00', source('200601', '600.00', '60.01'))).status).toBe(400);
    expect((await sandbox.refund(id, '600.00', source('200601', '600.00', '60.00'))).status).toBe(200);
    expect((await sandbox.refund(id, '600.00', source('200602', '600.00'))).status).toBe(200);
  });

  it.each([
    ['no sources', {}],
    [
      'two sources',
      { sources: ['200601', '200602'].map((account_id) => ({ account_id, amount: rub('150.00') })) },
    ],
    ['an unknown store', source('200603', '300.00')],
    ['another amount', source('200601', '299.99')],
    ['more fee than was withheld', source('200601', '300.00', '90.01')],
  ])('refuses a partial refund with %s', async (_name, extra) => {
    const reply = await sandbox.refund(id, '300.00', extra);
    expect(reply.status).toBe(400);
    expect(reply.body['parameter']).toMatch(/^sources/);
  });

  it('wants transfers for a smaller capture', async () => {
    const held = await sandbox.payment({
      status: 'authorized',
      amount: rub('100.00'),
      sources: [
        { account: 'a', amount: rub('60.00') },
        { account: 'b', amount: rub('40.00') },
      ],
    });
    const capture = (body: Json, key: string) =>
      sandbox.api('POST', `/payments/${held}/capture`, { key, body });
    expect((await capture({ amount: rub('50.00') }, 'k1')).status).toBe(400);
    const transfers = [
      { account_id: 'a', amount: rub('30.00') },
      { account_id: 'b', amount: rub('20.00') },
    ];
    expect((await capture({ amount: rub('50.00'), transfers }, 'k2')).body).toMatchObject({
      amount: rub('50.00'),
    });
  });
});
