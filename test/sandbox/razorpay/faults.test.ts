import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../sandbox/faults.ts';
import type { Json } from '../harness.ts';
import { descriptionOf, myr, type RazorpayHarness, startRazorpay } from './harness.ts';

const KEY = 'rf-2026-000017';

describe('razorpay faults', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const arm = (kind: string, options: Json = {}) =>
    sandbox.fault({ operation: 'createRefund', kind, ...options });
  /** The first request meets the fault; the same bytes again show what had become of it. */
  const refund = () => sandbox.refund(id, 40_000, { receipt: 'R-1' }, KEY);

  it.each([
    ['lost-after-effect', 1],
    ['lost-before-effect', 0],
    ['cut-body', 1],
  ])('%s breaks the connection', async (kind, executed) => {
    await arm(kind);
    await expect(refund()).rejects.toThrow();
    expect(await refundCount()).toBe(executed);
    expect((await refund()).status).toBe(200);
    expect(await refundCount()).toBe(1);
  });

  it.each([
    ['error-after-effect', {}, 500, /server encountered an error/, 1],
    ['error-before-effect', { status: 503 }, 503, /server encountered an error/, 0],
    ['rate-limited', {}, 429, /Too many requests/, 0],
    ['unauthorized', {}, 401, /api key provided is invalid/, 0],
    ['forbidden', {}, 403, /Access Denied/, 0],
    ['busy', {}, 400, /another .*operation is in progress/, 0],
    ['busy', { effect: true }, 400, /another .*operation is in progress/, 1],
    ['key-conflict', {}, 409, /Different request/, 0],
    ['key-in-progress', {}, 409, /still in progress/, 0],
    ['refuse', { code: 'balance' }, 400, /does not have enough balance/, 0],
    ['refuse', { code: 'sixMonths', description: 'too late' }, 400, /^too late$/, 0],
    ['refuse', { code: 'GATEWAY_ERROR' }, 502, /refused/, 0],
    ['refuse', { code: 'SERVER_ERROR' }, 500, /refused/, 0],
  ])('%s %j answers %i', async (kind, options, status, description, executed) => {
    await arm(kind, options);
    const reply = await refund();
    expect(reply.status).toBe(status);
    expect(descriptionOf(reply)).toMatch(description);
    expect(await refundCount()).toBe(executed);
    expect((await refund()).status).toBe(200);
    expect(await refundCount()).toBe(1);
  });

  it.each([
    [{}, 200, /html/, /<html>/, 1],
    [{ status: 502, effect: false }, 502, /html/, /<html>/, 0],
    [{ status: 504 }, 504, /html/, /<html>/, 1],
    [
      { format: 'gateway', effect: false },
      404,
      /json/,
      /^\{"message":"no Route matched with those values"\}$/,
      0,
    ],
    [{ format: 'text', status: 503 }, 503, /plain/, /upstream/, 1],
    [{ format: 'empty', status: 500 }, 500, /plain/, /^$/, 1],
  ])('garbage %j answers %i', async (options, status, type, text, executed) => {
    await arm('garbage', options);
    const reply = await refund();
    expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(text)]);
    expect(reply.headers.get('content-type')).toMatch(type);
    expect(await refundCount()).toBe(executed);
  });

  it('gives Retry-After when it is told to, with or without a body that is JSON', async () => {
    await arm('rate-limited');
    expect((await refund()).headers.get('retry-after')).toBeNull();
    await arm('rate-limited', { retryAfterMs: 1_500, format: 'html' });
    const html = await refund();
    expect([html.status, html.headers.get('retry-after'), html.body]).toEqual([429, '2', {}]);
    await arm('rate-limited', { format: 'empty' });
    expect([(await refund()).status, await refundCount()]).toEqual([429, 0]);
  });

  it('lets a refund fail or wait', async () => {
    await arm('refuse', { code: 'failed' });
    expect(await refund()).toMatchObject({ status: 200, body: { status: 'failed' } });
    await arm('pending');
    expect((await sandbox.refund(id, 150_000)).body['status']).toBe('pending');
  });

  it('hang never answers, and executes unless told otherwise', async () => {
    for (const [effect, executed] of [
      [false, 0],
      [true, 1],
    ] as const) {
      await arm('hang', { effect });
      const answered = refund().catch(() => 'cut by the end of the test');
      await expect
        .poll(async () => (await sandbox.control('GET', '/control/requests')).body['requests'])
        .toHaveLength(executed + 1);
      await expect.poll(refundCount).toBe(executed);
      expect(await Promise.race([answered, Promise.resolve('waiting')])).toBe('waiting');
    }
  });

  it('wrong-amount and unknown-status lie in the answer, not in the books', async () => {
    await arm('wrong-amount');
    expect((await refund()).body['amount']).toBe(40_100);
    await sandbox.fault({ operation: 'listRefunds', kind: 'wrong-amount', amount: myr('7.00') });
    expect((await sandbox.api('GET', '/refunds')).body['items']).toMatchObject([{ amount: 700 }]);
    await sandbox.fault({ operation: 'getRefund', kind: 'unknown-status' });
    const [entry] = (await sandbox.ledger(id)).refunds;
    expect((await sandbox.api('GET', `/refunds/${entry?.id}`)).body['status']).toBe('reversed');
    expect(entry).toMatchObject({ amountMinor: '40000', status: 'processed' });
  });

  it('list-lag hides what is young from lists', async () => {
    await refund();
    await sandbox.fault({ operation: 'listRefunds', kind: 'list-lag', seconds: 60 });
    expect((await sandbox.api('GET', `/payments/${id}/refunds`)).body['count']).toBe(0);
    expect((await sandbox.api('GET', `/payments/${id}/refunds`)).body['count']).toBe(1);
  });

  it('connect-refused closes this port and no other', async () => {
    await arm('connect-refused');
    await expect(refund()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect((await fetch(`${sandbox.yookassaUrl}/me`)).status).toBe(401);
    await sandbox.control('DELETE', '/control/faults', { provider: 'razorpay' });
    expect((await refund()).status).toBe(200);
  });

  it('aims at an operation and at a payment, however a call names it', async () => {
    const other = await sandbox.payment();
    const { body } = await refund();
    const refundId = String(body['id']);
    const limited = { kind: 'rate-limited', reference: id };
    await sandbox.fault({ operation: 'getRefund', ...limited });
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(200);
    expect((await sandbox.api('GET', `/refunds/${refundId}`)).status).toBe(429);
    await sandbox.fault({ operation: 'listRefunds', ...limited });
    expect((await sandbox.api('GET', `/payments/${other}/refunds`)).status).toBe(200);
    expect((await sandbox.api('GET', `/payments/${id}/refunds`)).status).toBe(429);
    await sandbox.fault({ operation: 'updateRefund', ...limited });
    const notes = { body: { notes: {} } };
    expect((await sandbox.api('PATCH', `/refunds/${refundId}`, notes)).status).toBe(429);
    expect((await sandbox.api('PATCH', `/refunds/${refundId}`, notes)).status).toBe(200);
    await sandbox.fault({ provider: 'yookassa', kind: 'rate-limited' });
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(200);
  });

  it.each([
    [{ kind: 'processing', operation: 'createRefund' }, 'kind'],
    [{ kind: 'hang', operation: 'cancelPayment' }, 'operation'],
    [{ kind: 'hang', operation: 'getAccount' }, 'operation'],
    [{ kind: 'busy', operation: 'getPayment' }, 'operation'],
    [{ kind: 'list-lag', operation: 'listRefunds' }, 'seconds'],
    [{ kind: 'key-conflict', operation: 'capturePayment' }, 'operation'],
    [{ kind: 'refuse', operation: 'createRefund' }, 'code'],
    [{ kind: 'refuse', operation: 'createRefund', code: 'nonsense' }, 'code'],
    [{ kind: 'refuse', operation: 'getPayment', code: 'failed' }, 'code'],
    [{ kind: 'garbage', operation: 'createRefund', format: 'xml' }, 'format'],
  ])('refuses to arm %j because of %s', async (input, field) => {
    const reply = await sandbox.control('POST', '/control/faults', { provider: 'razorpay', ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await sandbox.control('GET', '/control/faults')).body['faults']).toEqual([]);
  });

  it('can arm every kind but the 202 that the provider does not have', async () => {
    const options: Record<string, Json> = { refuse: { code: 'failed' }, 'list-lag': { seconds: 1 } };
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'processing');
    for (const kind of kinds) {
      const operation = kind === 'list-lag' ? 'listRefunds' : 'createRefund';
      await sandbox.fault({ kind, operation, ...options[kind] });
    }
    expect((await sandbox.control('DELETE', '/control/faults')).body).toEqual({ cleared: kinds.length });
    expect((await refund()).status).toBe(200);
  });
});
