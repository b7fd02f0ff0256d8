import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reply } from '../harness.ts';
import { hash, LOGIN, P1, type RobokassaHarness, startRobokassa, textOf } from './harness.ts';

describe('robokassa v1', () => {
  let sandbox: RobokassaHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    await sandbox.mode({ v1: 'on' });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const document = (root: string, invoice: string, amount?: string, signature?: string): string => {
    const signed = [...(amount === undefined ? [] : [amount]), invoice, LOGIN, P1];
    const sum = amount === undefined ? '' : `<Amount>${amount}</Amount>`;
    return `<?xml version="1.0" encoding="utf-8"?><${root}><MerchantLogin>${LOGIN}</MerchantLogin><InvoiceID>${invoice}</InvoiceID>${sum}<SignatureValue>${signature ?? hash(signed).toUpperCase()}</SignatureValue></${root}>`;
  };
  const refund = (amount?: string, invoice = id, signature?: string): Promise<Reply> =>
    sandbox.v1('OpRefund', document('RefundRequest', invoice, amount, signature));
  const status = (invoice = id): Promise<Reply> =>
    sandbox.v1('OpRefundStatus', document('RefundStatusRequest', invoice));
  const codes = (reply: Reply): (string | undefined)[] => [textOf(reply, 'Code'), textOf(reply, 'State')];

  it('does not exist unless it is switched on', async () => {
    await sandbox.mode({ v1: 'off' });
    for (const operation of ['OpRefund', 'OpRefundStatus'] as const) {
      const reply = await sandbox.v1(operation, document('RefundRequest', id));
      expect([reply.status, reply.text]).toEqual([500, `${operation} Web Service method name is not valid.`]);
    }
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
  });

  it('refunds a part, or all that is left, in flat XML without namespace', async () => {
    const partial = await refund('50.00');
    expect([partial.status, partial.headers.get('content-type')]).toEqual([200, 'text/xml; charset=utf-8']);
    expect(partial.text).toMatch(
      /<RefundResponse><Code>0<\/Code><Description>OK<\/Description><State>5<\/State><\/RefundResponse>$/,
    );
    expect(codes(await refund())).toEqual(['0', '5']);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { amountMinor: '5000', origin: 'api' },
      { amountMinor: '145000' },
    ]);
    expect(textOf(await refund('0.01'), 'Description')).toBe('NotEnoughOperationFunds');
  });

  it('tells the state of the newest refund of an invoice only', async () => {
    expect(codes(await status())).toEqual(['3', undefined]);
    await refund('1.00');
    await sandbox.mode({ refunds: 'pending' });
    await refund('2.00');
    expect(codes(await status())).toEqual(['0', '1']);
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect(codes(await status())).toEqual(['0', '5']);
  });

  it('shares the remaining sum with v2, which does not know its refunds', async () => {
    await refund('1499.00');
    const [made] = (await sandbox.ledger(id)).refunds;
    expect((await sandbox.refundState(made?.id)).body['label']).toBeUndefined();
    expect((await sandbox.refund(id, 1.01)).body['success']).toBe(false);
  });

  it('refuses wrong signatures, amounts, invoices and documents with a code', async () => {
    const foreign = await sandbox.payment({ account: 'robokassa-other' });
    const replies = [
      await refund('50.00', id, hash(['50.00', id, LOGIN, 'pass2-secret'])),
      await refund('50.001'),
      await refund('0.00'),
      await refund('50.00', foreign),
      await refund('50.00', '77'),
      await sandbox.v1('OpRefund', 'not xml'),
      await sandbox.v1('OpRefund', document('RefundStatusRequest', id)),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(200);
      expect(textOf(reply, 'Code')).not.toBe('0');
      expect(textOf(reply, 'State')).toBeUndefined();
    }
    expect((await sandbox.ledger(id)).refunds).toEqual([]);
    expect((await sandbox.ledger(foreign)).refunds).toEqual([]);
  });
});
