import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { type RazorpayHarness, startRazorpay } from './harness.ts';

const DAY = 86_400;

describe('razorpay refunds: how they end and how the bank finds them', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    id = await sandbox.payment({ method: 'card' });
  });
  afterEach(() => sandbox.close());

  const made = async (paymentId = id): Promise<string> =>
    String((await sandbox.refund(paymentId, 100)).body['id']);
  const read = async (refundId: string): Promise<Json> =>
    (await sandbox.api('GET', `/refunds/${refundId}`)).body;
  const traceOf = async (refundId: string): Promise<unknown> => (await read(refundId))['acquirer_data'];

  it('settles one or all pending refunds, each once', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const [first, second, third] = [await made(), await made(), await made()];
    expect((await sandbox.settle({ refundId: first, status: 'succeeded' })).body).toEqual({
      settled: [first],
    });
    expect((await sandbox.settle({ refundId: first, status: 'failed' })).status).toBe(400);
    expect((await sandbox.settle({ all: true, status: 'failed' })).body).toEqual({
      settled: [second, third],
    });
    expect((await sandbox.ledger(id)).refunds.map(({ status }) => status)).toEqual([
      'processed',
      'failed',
      'failed',
    ]);
  });

  it('processes pending refunds by the clock on demand', async () => {
    await sandbox.mode({ refunds: 'pending', settleAfterSeconds: 3_600 });
    const refundId = await made();
    await sandbox.advance(3_500);
    expect((await read(refundId))['status']).toBe('pending');
    await sandbox.advance(200);
    expect((await read(refundId))['status']).toBe('processed');
  });

  it('tells a trace number a day after the refund was processed, and always the same', async () => {
    const refundId = await made();
    expect(await read(refundId)).toMatchObject({ status: 'processed', acquirer_data: { arn: null } });
    await sandbox.advance(DAY - 60);
    expect(await traceOf(refundId)).toEqual({ arn: null });
    await sandbox.advance(120);
    const trace = await traceOf(refundId);
    expect(trace).toEqual({ arn: expect.stringMatching(/^\d{23}$/) });
    expect(await traceOf(refundId)).toEqual(trace);
  });

  it('counts that day from the end of a refund that was pending, and has none for a failed one', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const [good, bad] = [await made(), await made()];
    await sandbox.advance(10 * DAY);
    expect(await traceOf(good)).toEqual({ arn: null });
    await sandbox.settle({ refundId: good, status: 'succeeded' });
    await sandbox.settle({ refundId: bad, status: 'failed' });
    expect(await traceOf(good)).toEqual({ arn: null });
    await sandbox.advance(DAY);
    expect(await traceOf(good)).toEqual({ arn: expect.stringMatching(/^\d{23}$/) });
    expect(await traceOf(bad)).toEqual({ arn: null });
  });

  it.each([
    ['card', /^\d{23}$/, 'arn'],
    ['fpx', /^\d{23}$/, 'arn'],
    ['upi', /^\d{12}$/, 'rrn'],
    ['netbanking', /^\d{16}$/, 'utr'],
  ])('finds a refund of %s by a number like %s, the %s', async (method, number, kind) => {
    await sandbox.mode({ traceAfterSeconds: 0 });
    const refundId = await made(await sandbox.payment({ method }));
    expect(await traceOf(refundId)).toEqual({ [kind]: expect.stringMatching(number) });
  });

  it('has an empty object where the bank has no number', async () => {
    expect(await traceOf(await made(await sandbox.payment({ method: 'wallet' })))).toEqual({});
    await sandbox.mode({ traceKind: 'none' });
    expect(await traceOf(await made())).toEqual({});
    await sandbox.mode({ traceKind: 'utr', traceAfterSeconds: null });
    const refundId = await made();
    await sandbox.advance(400 * DAY);
    expect(await traceOf(refundId)).toEqual({ utr: null });
  });

  it('tells the number that settle gives, with the end of the refund or after it', async () => {
    await sandbox.mode({ refunds: 'pending' });
    const pending = await made();
    const trace = { kind: 'rrn', value: '123456789012' };
    await sandbox.settle({ refundId: pending, status: 'succeeded', trace });
    expect(await read(pending)).toMatchObject({
      status: 'processed',
      acquirer_data: { rrn: '123456789012' },
    });
    await sandbox.mode({ refunds: 'instant' });
    const processed = await made();
    const reply = await sandbox.settle({ refundId: processed, status: 'succeeded', trace: { kind: 'utr' } });
    expect(reply.body).toEqual({ settled: [processed] });
    expect(await traceOf(processed)).toEqual({ utr: expect.stringMatching(/^\d{16}$/) });
  });

  it.each([
    [{ all: true, status: 'canceled' }, 'status'],
    [{ all: true, status: 'reversed' }, 'status'],
    [{ all: true, status: 'failed', reason: 'late' }, 'reason'],
    [{ all: true, status: 'failed', trace: { kind: 'arn' } }, 'trace'],
    [{ all: true, status: 'succeeded', trace: { kind: 'arn', value: '1' } }, 'trace.value'],
    [{ all: true, status: 'succeeded', trace: { kind: 'iban' } }, 'trace.kind'],
    [{ refundId: 'rfnd_AAAAAAAAAAAAAA', status: 'succeeded' }, 'refundId'],
  ])('refuses to settle %j naming %s', async (input, field) => {
    expect(await sandbox.settle(input)).toMatchObject({ status: 400, body: { error: { field } } });
  });
});
