import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type Reply, rub } from '../harness.ts';
import { LOGIN, type RobokassaHarness, startRobokassa, stateOf, textOf } from './harness.ts';

const DAY = 86_400;

describe('robokassa holds', () => {
  let sandbox: RobokassaHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    id = await sandbox.payment({ status: 'authorized' });
  });
  afterEach(() => sandbox.close());

  const form = (OutSum?: string) => ({
    MerchantLogin: LOGIN,
    InvoiceID: id,
    ...(OutSum !== undefined && { OutSum }),
  });
  const confirm = (sum: string): Promise<Reply> => sandbox.hold('Confirm', form(sum), [sum, id]);
  const cancel = (): Promise<Reply> => sandbox.hold('Cancel', form(), ['', id]);
  const state = async (): Promise<string | undefined> => stateOf(await sandbox.state(id));

  it('are confirmed once, and refundable then', async () => {
    expect((await sandbox.refund(id, 1)).body['success']).toBe(false);
    expect((await confirm('1500.00')).status).toBe(200);
    expect(await state()).toBe('100');
    expect(await confirm('1500.00')).toMatchObject({ status: 400, text: 'Operation is not held' });
    expect((await sandbox.refund(id, 1500)).body['success']).toBe(true);
  });

  it('are confirmed for less, never for more', async () => {
    expect((await confirm('1500.01')).status).toBe(400);
    expect((await confirm('0.00')).status).toBe(400);
    expect(await state()).toBe('20');
    expect((await confirm('1000.000000')).status).toBe(200);
    const reply = await sandbox.state(id);
    expect([textOf(reply, 'OutSum'), textOf(reply, 'IncSum')]).toEqual(['1000.000000', '1000.000000']);
    expect(await sandbox.ledger(id)).toMatchObject({
      capturedMinor: '100000',
      releasedMinor: '50000',
      voided: false,
    });
    expect((await sandbox.refund(id, 1000.01)).body['success']).toBe(false);
  });

  it('have the receipt in the signature of Confirm when it is sent', async () => {
    const Receipt = '{"items":[{"name":"Mug"}]}';
    const fields = { ...form('1500.00'), Receipt };
    expect((await sandbox.hold('Confirm', fields, ['1500.00', id])).text).toBe('SignatureValue is wrong');
    expect((await sandbox.hold('Confirm', fields, ['1500.00', id, Receipt])).status).toBe(200);
  });

  it('are cancelled as a whole, by a signature with an empty sum', async () => {
    const withSum = form('1500.00');
    expect((await sandbox.hold('Cancel', withSum, ['1500.00', id])).status).toBe(400);
    expect((await sandbox.hold('Cancel', withSum, [id])).status).toBe(400);
    expect(await state()).toBe('20');
    expect((await sandbox.hold('Cancel', withSum, ['', id])).status).toBe(200);
    expect(await state()).toBe('60');
    expect(await sandbox.ledger(id)).toMatchObject({
      capturedMinor: '0',
      releasedMinor: '150000',
      voided: true,
      refunds: [],
    });
    expect((await cancel()).status).toBe(400);
    expect((await confirm('1500.00')).status).toBe(400);
  });

  it('refuse wrong signatures, foreign and unknown invoices, and payments that are not held', async () => {
    const paid = await sandbox.payment();
    const foreign = await sandbox.payment({ account: 'robokassa-other', status: 'authorized' });
    const cancelOf = (invoice: string, fields = {}) =>
      sandbox.hold('Cancel', { ...form(), InvoiceID: invoice, ...fields }, ['', invoice]);
    expect((await cancelOf(paid)).text).toBe('Operation is not held');
    expect((await cancelOf(foreign)).text).toBe('Operation is not found');
    expect((await cancelOf('77')).text).toBe('Operation is not found');
    expect((await cancelOf(id, { MerchantLogin: 'nobody' })).text).toBe('Operation is not found');
    expect((await cancelOf(id, { SignatureValue: 'x' })).text).toBe('SignatureValue is wrong');
    expect((await call(`${sandbox.robokassaUrl}/Merchant/Payment/Cancel`, {})).status).toBe(405);
    await sandbox.mode({ holdRefusalStatus: 200, texts: { notHeld: 'no' } });
    expect(await cancelOf(paid)).toMatchObject({ status: 200, text: 'no' });
    expect((await sandbox.ledger(foreign)).status).toBe('20');
  });

  it('end by themselves after seven days', async () => {
    await sandbox.advance(7 * DAY - 60);
    expect(await state()).toBe('20');
    await sandbox.advance(61);
    expect(await state()).toBe('60');
    expect(await sandbox.ledger(id)).toMatchObject({ voided: true, releasedMinor: '150000' });
  });

  it('end in another state and after another time when told so', async () => {
    await sandbox.mode({ holdSeconds: 100, holdEndsIn: 10 });
    id = await sandbox.payment({ status: 'authorized', amount: rub('5.00') });
    await sandbox.advance(101);
    expect(await state()).toBe('10');
  });
});
