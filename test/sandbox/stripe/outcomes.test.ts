import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { errorOf, startStripe, type StripeHarness } from './harness.ts';

describe('the end of a stripe refund', () => {
  let sandbox: StripeHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const make = async (refunds: string): Promise<string> => {
    await sandbox.mode({ refunds });
    return String((await sandbox.refund(id, 1_000)).body['id']);
  };
  const read = async (refundId: string): Promise<Json> =>
    (await sandbox.api('GET', `/refunds/${refundId}`)).body;
  const cardOf = (refund: Json): unknown => (refund['destination_details'] as Json)['card'];
  const leftMinor = async () => {
    await sandbox.mode({ refunds: 'instant' });
    return (await sandbox.refund(id)).body['amount'];
  };

  it.each(['pending', 'requires_action'])('%s becomes succeeded', async (from) => {
    const refundId = await make(from);
    expect((await read(refundId))['status']).toBe(from);
    expect((await sandbox.settle({ refundId, status: 'succeeded' })).body).toEqual({ settled: [refundId] });
    const refund = await read(refundId);
    expect(refund['status']).toBe('succeeded');
    for (const absent of ['pending_reason', 'next_action', 'failure_reason'])
      expect(refund).not.toHaveProperty(absent);
    expect((await sandbox.settle({ refundId, status: 'succeeded' })).status).toBe(400);
    expect(await leftMinor()).toBe(14_000);
  });

  it.each(['pending', 'requires_action'])('%s becomes failed and gives its money back', async (from) => {
    const refundId = await make(from);
    await sandbox.settle({ refundId, status: 'failed', reason: 'expired_or_canceled_card' });
    expect(await read(refundId)).toMatchObject({
      status: 'failed',
      failure_reason: 'expired_or_canceled_card',
    });
    expect(await leftMinor()).toBe(15_000);
  });

  it('a succeeded refund can still fail', async () => {
    const refundId = await make('instant');
    await sandbox.settle({ refundId, status: 'reversed' });
    expect(await read(refundId)).toMatchObject({
      status: 'failed',
      failure_reason: 'lost_or_stolen_card',
      failure_balance_transaction: expect.stringMatching(/^txn_/),
    });
    expect((await sandbox.settle({ refundId, status: 'reversed' })).status).toBe(400);
    expect(await leftMinor()).toBe(15_000);
  });

  it('only a refund that requires an action can be canceled', async () => {
    const waiting = await make('pending');
    const refundId = await make('requires_action');
    const cancel = (refund: string) => sandbox.api('POST', `/refunds/${refund}/cancel`);
    const refused = await cancel(waiting);
    expect([refused.status, errorOf(refused)['type']]).toEqual([400, 'invalid_request_error']);
    expect((await sandbox.settle({ refundId: waiting, status: 'canceled' })).status).toBe(400);
    expect((await cancel(refundId)).body).toMatchObject({
      status: 'canceled',
      failure_reason: 'merchant_request',
    });
    const second = await make('requires_action');
    expect((await sandbox.settle({ all: true, status: 'canceled' })).body).toEqual({ settled: [second] });
    expect(await leftMinor()).toBe(14_000);
  });

  it('settles all that can end this way', async () => {
    const first = await make('pending');
    const second = await make('requires_action');
    const third = await make('instant');
    expect((await sandbox.settle({ all: true, status: 'succeeded' })).body).toEqual({
      settled: [first, second],
    });
    expect((await sandbox.settle({ all: true, status: 'reversed', reason: 'declined' })).body).toEqual({
      settled: [first, second, third],
    });
    expect((await read(third))['failure_reason']).toBe('declined');
  });

  it('shows its reference number a day later, or when the bank tells it', async () => {
    const refundId = await make('instant');
    expect(cardOf(await read(refundId))).toMatchObject({ reference_status: 'pending' });
    await sandbox.advance(86_401);
    expect(cardOf(await read(refundId))).toEqual({
      reference: expect.stringMatching(/^\d{23}$/),
      reference_status: 'available',
      reference_type: 'acquirer_reference_number',
      type: 'refund',
    });
    const trace = { kind: 'rrn', value: '123456789012' };
    expect((await sandbox.settle({ refundId, status: 'succeeded', trace })).status).toBe(200);
    expect(cardOf(await read(refundId))).toMatchObject({
      reference: '123456789012',
      reference_type: 'retrieval_reference_number',
    });
    await sandbox.mode({ traceAfterSeconds: null });
    const silent = await make('instant');
    await sandbox.advance(10 * 86_400);
    expect(cardOf(await read(silent))).not.toHaveProperty('reference');
  });

  it('tells the number together with the end', async () => {
    const refundId = await make('pending');
    expect(cardOf(await read(refundId))).toMatchObject({ type: 'pending', reference_status: 'pending' });
    await sandbox.settle({ all: true, status: 'succeeded', trace: { kind: 'arn' } });
    expect(cardOf(await read(refundId))).toMatchObject({ reference_status: 'available', type: 'refund' });
  });

  it.each([
    [{ status: 'succeeded', reason: 'declined' }, 'reason'],
    [{ status: 'failed', trace: { kind: 'arn' } }, 'trace'],
    [{ status: 'succeeded', trace: { kind: 'utr' } }, 'trace.kind'],
    [{ status: 'succeeded', all: true, trace: { kind: 'arn', value: '1' } }, 'trace.value'],
    [{ status: 'succeeded', refundId: 're_x' }, 'refundId'],
  ])('refuses %j naming %s', async (input, field) => {
    const which = 'all' in input || 'refundId' in input ? {} : { refundId: await make('pending') };
    const reply = await sandbox.settle({ ...which, ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
  });
});
