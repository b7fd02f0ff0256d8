import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../sandbox/faults.ts';
import { freshKey, type Harness, type Json, rub, startHarness } from '../harness.ts';

describe('yookassa faults', () => {
  let sandbox: Harness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const arm = (kind: string, options: Json = {}) =>
    sandbox.fault({ operation: 'createRefund', kind, ...options });
  /** The first request meets the fault; the same bytes again show what had become of it. */
  const refund = () => sandbox.refund(id, '400.00', {}, 'k1');

  it.each([
    ['lost-after-effect', 1],
    ['lost-before-effect', 0],
  ])('%s breaks the connection', async (kind, executed) => {
    await arm(kind);
    await expect(refund()).rejects.toThrow();
    expect(await refundCount()).toBe(executed);
    expect((await refund()).status).toBe(200);
    expect(await refundCount()).toBe(1);
  });

  it.each([
    ['error-after-effect', {}, 500, 1],
    ['error-before-effect', {}, 500, 0],
    ['error-before-effect', { status: 503 }, 503, 0],
    ['rate-limited', { retryAfterMs: 700 }, 429, 0],
    ['unauthorized', {}, 401, 0],
    ['forbidden', {}, 403, 0],
    ['busy', {}, 202, 0],
    ['processing', { effect: true, retryAfterMs: 300 }, 202, 1],
    ['garbage', {}, 200, 1],
    ['garbage', { status: 502, effect: false }, 502, 0],
    ['key-conflict', {}, 400, 0],
    ['key-in-progress', {}, 409, 0],
    ['refuse', { code: 'invalid_request', parameter: 'amount' }, 400, 0],
    ['refuse', { code: 'not_found' }, 404, 0],
  ])('%s %j answers %i', async (kind, options, status, executed) => {
    await arm(kind, options);
    expect((await refund()).status).toBe(status);
    expect(await refundCount()).toBe(executed);
    expect((await refund()).status).toBe(200);
    expect(await refundCount()).toBe(1);
  });

  it('gives the details that a client decides by', async () => {
    await arm('rate-limited', { retryAfterMs: 700 });
    expect((await refund()).body).toMatchObject({
      type: 'error',
      code: 'too_many_requests',
      retry_after: 700,
    });
    await arm('processing');
    expect((await refund()).body).toMatchObject({ type: 'processing', retry_after: 1_800 });
    await arm('key-conflict');
    expect((await refund()).body).toMatchObject({ parameter: 'Idempotence-Key' });
    await arm('refuse', { code: 'invalid_request', parameter: 'sources', description: 'because' });
    expect((await refund()).body).toMatchObject({ parameter: 'sources', description: 'because' });
    await arm('garbage', { status: 502 });
    expect((await refund()).headers.get('content-type')).toMatch(/html/);
  });

  it.each([
    'insufficient_funds',
    'rejected_by_timeout',
    'yoo_money_account_closed',
    'payment_expired',
    'new_reason',
  ])('refuse %s creates a canceled refund that takes nothing', async (code) => {
    await arm('refuse', { code });
    expect(await refund()).toMatchObject({
      status: 200,
      body: { status: 'canceled', cancellation_details: { reason: code } },
    });
    expect((await sandbox.refund(id, '1500.00')).body['status']).toBe('succeeded');
  });

  it('pending makes one refund wait', async () => {
    await arm('pending');
    expect((await refund()).body['status']).toBe('pending');
    expect((await sandbox.refund(id, '1.00')).body['status']).toBe('succeeded');
  });

  it('hang never answers, and executes unless told otherwise', async () => {
    for (const [effect, executed] of [
      [false, 0],
      [true, 1],
    ] as const) {
      await arm('hang', { effect });
      const body = JSON.stringify({ payment_id: id, amount: rub('400.00') });
      const attempt = fetch(`${sandbox.yookassaUrl}/refunds`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa('100500:test_demo_yookassa_secret_key')}`,
          'content-type': 'application/json',
          'idempotence-key': 'k1',
        },
        body,
        signal: AbortSignal.timeout(200),
      });
      await expect(attempt).rejects.toThrow(/abort|timeout/i);
      expect(await refundCount()).toBe(executed);
    }
  });

  it('slow holds the answer back after the refund was made', async () => {
    await arm('slow', { ms: 60_000 });
    const answered = refund().catch(() => 'cut by the end of the test');
    await expect.poll(refundCount).toBe(1);
    expect(await Promise.race([answered, Promise.resolve('waiting')])).toBe('waiting');
    await arm('slow', { ms: 20 });
    expect((await refund()).status).toBe(200);
  });

  it('cut-body breaks off in the middle of the answer', async () => {
    await arm('cut-body');
    await expect(refund()).rejects.toThrow();
    expect(await refundCount()).toBe(1);
  });

  it('wrong-amount and unknown-status lie in the answer, not in the books', async () => {
    await arm('wrong-amount');
    expect((await refund()).body['amount']).toEqual(rub('401.00'));
    await sandbox.fault({
      operation: 'listRefunds',
      kind: 'wrong-amount',
      amount: { value: '1.00', currency: 'USD' },
    });
    expect((await sandbox.api('GET', '/refunds')).body['items']).toMatchObject([
      { amount: { value: '1.00', currency: 'USD' } },
    ]);
    await sandbox.fault({ operation: 'getPayment', kind: 'unknown-status', word: 'on_the_moon' });
    expect((await sandbox.api('GET', `/payments/${id}`)).body['status']).toBe('on_the_moon');
    expect((await sandbox.ledger(id)).refunds).toMatchObject([{ amountMinor: '40000', status: 'succeeded' }]);
  });

  it('key-forgotten turns a repeat into a second refund', async () => {
    await refund();
    await arm('key-forgotten');
    await refund();
    expect(await refundCount()).toBe(2);
  });

  it('connect-refused closes the port until the faults are cleared', async () => {
    await arm('connect-refused');
    await expect(refund()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await sandbox.control('DELETE', '/control/faults');
    expect((await refund()).status).toBe(200);
  });

  it('connect-refused ends by itself after its seconds', async () => {
    await arm('connect-refused', { seconds: 1 });
    await expect(refund()).rejects.toThrow();
    let body: Json = {};
    do {
      await new Promise((resolve) => setTimeout(resolve, 50));
      body = (await sandbox.control('GET', '/control/faults')).body;
    } while ((body['faults'] as Json[]).length > 0);
    await expect
      .poll(() =>
        refund().then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('hits as many calls as it was armed for, of that operation and payment only', async () => {
    const other = await sandbox.payment();
    await arm('rate-limited', { times: 2, reference: id });
    expect((await sandbox.refund(other, '1.00')).status).toBe(200);
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(200);
    expect((await sandbox.refund(id, '1.00')).status).toBe(429);
    expect((await sandbox.refund(id, '1.00')).status).toBe(429);
    expect((await sandbox.refund(id, '1.00')).status).toBe(200);
  });

  it('finds the payment of a refund that is read or listed', async () => {
    const { body } = await refund();
    await sandbox.fault({ operation: 'getRefund', kind: 'unauthorized', reference: id });
    expect((await sandbox.api('GET', `/refunds/${String(body['id'])}`)).status).toBe(401);
    await sandbox.fault({ operation: 'listRefunds', kind: 'unauthorized', reference: id });
    expect((await sandbox.api('GET', '/refunds')).status).toBe(200);
    expect((await sandbox.api('GET', `/refunds?payment_id=${id}`)).status).toBe(401);
  });

  it('of any operation waits for one that it can happen to', async () => {
    await sandbox.fault({ kind: 'key-conflict' });
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(200);
    expect((await refund()).status).toBe(400);
  });

  it.each([
    [{ kind: 'list-lag', operation: 'createRefund', seconds: 1 }, 'operation'],
    [{ kind: 'list-lag', operation: 'listRefunds' }, 'seconds'],
    [{ kind: 'pending', operation: 'getRefund' }, 'operation'],
    [{ kind: 'key-conflict', operation: 'getPayment' }, 'operation'],
    [{ kind: 'refuse', operation: 'createRefund' }, 'code'],
    [{ kind: 'refuse', operation: 'getPayment', code: 'insufficient_funds' }, 'code'],
    [{ kind: 'hang', ms: 5 }, 'ms'],
    [{ kind: 'explode' }, 'kind'],
    [{ kind: 'hang', operation: 'makeCoffee' }, 'operation'],
    [{ kind: 'hang', times: 0 }, 'times'],
    [{ kind: 'hang', times: 1.5 }, 'times'],
    [{ kind: 'hang', surprise: true }, 'surprise'],
    [{ kind: 'hang', provider: 'nobody' }, 'provider'],
  ])('refuses to arm %j because of %s', async (input, field) => {
    const reply = await sandbox.control('POST', '/control/faults', { provider: 'yookassa', ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await sandbox.control('GET', '/control/faults')).body['faults']).toEqual([]);
  });

  it('can arm every kind', async () => {
    const options: Record<string, Json> = { refuse: { code: 'general_decline' }, 'list-lag': { seconds: 1 } };
    for (const kind of FAULT_KINDS) {
      await sandbox.fault({
        kind,
        operation: kind === 'list-lag' ? 'listRefunds' : 'createRefund',
        ...options[kind],
      });
    }
    expect((await sandbox.control('DELETE', '/control/faults')).body).toEqual({
      cleared: FAULT_KINDS.length,
    });
    expect((await sandbox.refund(id, '1.00', {}, freshKey())).status).toBe(200);
  });
});
