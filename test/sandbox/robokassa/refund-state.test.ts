import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, rub } from '../harness.ts';
import { type RobokassaHarness, startRobokassa } from './harness.ts';

const UNKNOWN = { message: 'Id is invalid or request id does not exist' };

describe('robokassa GetState', () => {
  let sandbox: RobokassaHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRobokassa();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refunded = async (sum?: number): Promise<string> =>
    String((await sandbox.refund(id, sum)).body['requestId']);

  it('tells label and amount with six decimals, to whoever knows the id', async () => {
    const requestId = await refunded(400);
    const { status, text, headers } = await sandbox.refundState(requestId);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(text).toBe(`{"requestId": "${requestId}", "amount": 400.000000, "label": "finished"}`);
    await sandbox.mode({ decimals: 2 });
    expect((await sandbox.refundState(requestId)).text).toContain('"amount": 400.00,');
    expect((await sandbox.refundState(requestId.toUpperCase())).status).toBe(200);
  });

  it('processes until it is settled: finished, or canceled in the cabinet', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const [first, second] = [await refunded(1), await refunded(2)];
    expect((await sandbox.refundState(first)).body).toEqual({
      requestId: first,
      amount: 1,
      label: 'processing',
    });
    expect((await sandbox.settle({ refundId: first, status: 'canceled' })).body).toEqual({
      settled: [first],
    });
    expect((await sandbox.settle({ all: true, status: 'succeeded' })).body).toEqual({ settled: [second] });
    expect((await sandbox.refundState(first)).body['label']).toBe('canceled');
    expect((await sandbox.refundState(second)).body['label']).toBe('finished');
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { status: 'canceled' },
      { status: 'finished' },
    ]);
    expect((await sandbox.settle({ refundId: second, status: 'canceled' })).status).toBe(400);
  });

  it('finishes by itself on the simulated clock', async () => {
    await sandbox.mode({ refunds: 'pending', settleAfterSeconds: 3_600 });
    const requestId = await refunded(1);
    await sandbox.advance(3_500);
    expect((await sandbox.refundState(requestId)).body['label']).toBe('processing');
    await sandbox.advance(200);
    expect((await sandbox.refundState(requestId)).body['label']).toBe('finished');
  });

  it('can keep the amount to itself while processing', async () => {
    await sandbox.mode({ refunds: 'pending', amountWhileProcessing: false });
    const requestId = await refunded(1);
    expect((await sandbox.refundState(requestId)).body).toEqual({ requestId, label: 'processing' });
    await sandbox.settle({ all: true, status: 'succeeded' });
    expect((await sandbox.refundState(requestId)).body['amount']).toBe(1);
  });

  it('does not know an id under either status', async () => {
    for (const unknownIdStatus of [200, 400]) {
      await sandbox.mode({ unknownIdStatus });
      for (const unknown of [randomUUID(), 'nonsense', '']) {
        const { status, body } = await sandbox.refundState(unknown);
        expect([status, body]).toEqual([unknownIdStatus, UNKNOWN]);
      }
    }
    expect((await call(`${sandbox.robokassaUrl}/RefundService/Refund/GetState`, {})).body).toEqual(UNKNOWN);
  });

  it('can learn of a new refund late', async () => {
    await sandbox.mode({ visibleAfterSeconds: 60 });
    const requestId = await refunded(1);
    expect((await sandbox.refundState(requestId)).body).toEqual(UNKNOWN);
    await sandbox.advance(61);
    expect((await sandbox.refundState(requestId)).body['label']).toBe('finished');
  });

  it('does not show what the cabinet refunded, though the money is gone', async () => {
    const { body } = await sandbox.control('POST', '/control/console-refund', {
      provider: 'robokassa',
      reference: id,
      amount: rub('1400.00'),
    });
    expect((await sandbox.refundState(body['refundId'])).body).toEqual(UNKNOWN);
    expect((await sandbox.refund(id, 100.01)).body['message']).toBe('NotEnoughOperationFunds');
    expect((await sandbox.refund(id)).body['success']).toBe(true);
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { id: body['refundId'], origin: 'console', amountMinor: '140000', status: 'finished' },
      { origin: 'api', amountMinor: '10000', providerKey: null, ourReference: null },
    ]);
  });
});
