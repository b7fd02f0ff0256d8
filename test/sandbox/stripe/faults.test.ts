import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../sandbox/faults.ts';
import type { Json } from '../harness.ts';
import { errorOf, startStripe, type StripeHarness, usd } from './harness.ts';

const KEY = 'rf-2026-000017';

describe('stripe faults', () => {
  let sandbox: StripeHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const arm = (kind: string, options: Json = {}) =>
    sandbox.fault({ operation: 'createRefund', kind, ...options });
  const refund = () => sandbox.refund(id, 4_000, {}, KEY);

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
    ['error-after-effect', {}, 500, undefined, 1],
    ['error-after-effect', { status: 502 }, 502, undefined, 1],
    ['error-before-effect', { status: 503 }, 503, undefined, 0],
    ['rate-limited', {}, 429, 'rate_limit', 0],
    ['busy', {}, 429, 'lock_timeout', 0],
    ['unauthorized', {}, 401, undefined, 0],
    ['forbidden', {}, 403, undefined, 0],
    ['key-conflict', {}, 400, undefined, 0],
    ['key-in-progress', {}, 409, 'idempotency_key_in_use', 0],
    ['refuse', { code: 'card_declined' }, 402, 'card_declined', 0],
    ['refuse', { code: 'charge_disputed' }, 400, 'charge_disputed', 0],
    ['refuse', { code: 'tooOld' }, 400, undefined, 0],
    ['refuse', { code: 'insufficient_funds', status: 402 }, 402, 'insufficient_funds', 0],
    ['refuse', { status: 422 }, 422, undefined, 0],
    ['refuse', { code: 'api_key_expired' }, 401, 'api_key_expired', 0],
  ])('%s %j answers %i', async (kind, options, status, code, executed) => {
    await arm(kind, options);
    const reply = await sandbox.refund(id, 4_000);
    expect([reply.status, errorOf(reply)['code']]).toEqual([status, code]);
    expect(errorOf(reply)['message']).toEqual(expect.any(String));
    expect(reply.headers.get('request-id')).toMatch(/^req_/);
    expect(await refundCount()).toBe(executed);
    expect((await sandbox.refund(id, 4_000)).status).toBe(200);
  });

  it.each([
    [{}, 200, /html/, /<html>/, 1],
    [{ status: 502, effect: false }, 502, /html/, /<html>/, 0],
    [{ format: 'text', status: 503 }, 503, /plain/, /upstream/, 1],
    [{ format: 'empty', status: 500 }, 500, /plain/, /^$/, 1],
  ])('garbage %j answers %i', async (options, status, type, text, executed) => {
    await arm('garbage', options);
    const reply = await refund();
    expect([reply.status, reply.text]).toEqual([status, expect.stringMatching(text)]);
    expect(reply.headers.get('content-type')).toMatch(type);
    expect(reply.headers.get('request-id')).toBeNull();
    expect(await refundCount()).toBe(executed);
  });

  it('says in headers that a limited request may be repeated, and when', async () => {
    await arm('rate-limited', { retryAfterMs: 1_500 });
    const limited = await refund();
    expect([limited.headers.get('retry-after'), limited.headers.get('stripe-should-retry')]).toEqual([
      '2',
      'true',
    ]);
    await arm('busy');
    const busy = await refund();
    expect([busy.headers.get('retry-after'), busy.headers.get('stripe-should-retry')]).toEqual([
      null,
      'true',
    ]);
    await arm('rate-limited', { format: 'html' });
    expect(await refund()).toMatchObject({ status: 429, body: {} });
  });

  it.each(['lost_or_stolen_card', 'expired_or_canceled_card', 'insufficient_funds', 'declined', 'unknown'])(
    'refuse %s makes a refund that has failed and takes nothing',
    async (code) => {
      await arm('refuse', { code });
      expect(await refund()).toMatchObject({
        status: 200,
        body: {
          status: 'failed',
          failure_reason: code,
          failure_balance_transaction: expect.stringMatching(/^txn_failure_/),
          destination_details: { card: { reference_status: 'unavailable' } },
        },
      });
      expect((await sandbox.refund(id)).body['amount']).toBe(15_000);
    },
  );

  it('pending makes one refund wait', async () => {
    await arm('pending');
    expect((await refund()).body['status']).toBe('pending');
    expect((await sandbox.refund(id)).body['status']).toBe('succeeded');
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
    expect((await refund()).body['amount']).toBe(4_100);
    await sandbox.fault({ operation: 'listRefunds', kind: 'wrong-amount', amount: usd('7.00') });
    expect((await sandbox.api('GET', '/refunds')).body['data']).toMatchObject([{ amount: 700 }]);
    const [entry] = (await sandbox.ledger(id)).refunds;
    await sandbox.fault({ operation: 'getRefund', kind: 'unknown-status' });
    expect((await sandbox.api('GET', `/refunds/${entry?.id}`)).body['status']).toBe('under_review');
    await sandbox.fault({ operation: 'getPayment', kind: 'unknown-status', word: 'resting' });
    expect((await sandbox.api('GET', `/payment_intents/${id}`)).body['status']).toBe('resting');
    expect(entry).toMatchObject({ amountMinor: '4000', status: 'succeeded' });
  });

  it('list-lag hides what is young from lists', async () => {
    await refund();
    await sandbox.fault({ operation: 'listRefunds', kind: 'list-lag', seconds: 60 });
    const list = async () => (await sandbox.api('GET', `/refunds?payment_intent=${id}`)).body['data'];
    expect(await list()).toEqual([]);
    expect(await list()).toHaveLength(1);
    await sandbox.mode({ listLagSeconds: 60 });
    expect(await list()).toEqual([]);
  });

  it('key-forgotten makes a second refund for the same key', async () => {
    const first = await refund();
    await arm('key-forgotten');
    const second = await refund();
    expect(second.body['id']).not.toBe(first.body['id']);
    expect(await refundCount()).toBe(2);
  });

  it('connect-refused closes this port and no other', async () => {
    await arm('connect-refused');
    await expect(refund()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect((await fetch(`${sandbox.yookassaUrl}/me`)).status).toBe(401);
    await sandbox.control('DELETE', '/control/faults', { provider: 'stripe' });
    expect((await refund()).status).toBe(200);
  });

  it('aims at every operation, by payment, charge or refund', async () => {
    const other = await sandbox.payment();
    const refundId = String((await refund()).body['id']);
    const charge = id.replace('pi_', 'ch_');
    const aim = async (operation: string, reference: string, method: string, path: string, body = '') => {
      await sandbox.fault({ operation, kind: 'rate-limited', reference });
      const options = method === 'POST' ? { body } : {};
      expect((await sandbox.refund(other, 1)).status).toBe(200);
      expect([operation, (await sandbox.api(method, path, options)).status]).toEqual([operation, 429]);
    };
    await aim('createRefund', id, 'POST', '/refunds', `charge=${charge}`);
    await aim('createRefund', charge, 'POST', '/refunds', `charge=${charge}`);
    await aim('getRefund', id, 'GET', `/refunds/${refundId}`);
    await aim('getRefund', refundId, 'GET', `/refunds/${refundId}`);
    await aim('updateRefund', id, 'POST', `/refunds/${refundId}`);
    await aim('cancelRefund', id, 'POST', `/refunds/${refundId}/cancel`);
    await aim('listRefunds', id, 'GET', `/refunds?payment_intent=${id}`);
    await aim('getPayment', id, 'GET', `/payment_intents/${id}`);
    await aim('cancelPayment', id, 'POST', `/payment_intents/${id}/cancel`);
    await aim('capturePayment', id, 'POST', `/payment_intents/${id}/capture`);
  });

  it.each([
    [{ kind: 'processing', operation: 'createRefund' }, 'kind'],
    [{ kind: 'hang', operation: 'listPayments' }, 'operation'],
    [{ kind: 'hang', operation: 'getAccount' }, 'operation'],
    [{ kind: 'busy', operation: 'getPayment' }, 'operation'],
    [{ kind: 'busy', operation: 'createRefund', effect: true }, 'effect'],
    [{ kind: 'pending', operation: 'getRefund' }, 'operation'],
    [{ kind: 'list-lag', operation: 'listRefunds' }, 'seconds'],
    [{ kind: 'key-conflict', operation: 'getRefund' }, 'operation'],
    [{ kind: 'refuse', operation: 'createRefund' }, 'code'],
    [{ kind: 'refuse', operation: 'createRefund', code: 'nonsense' }, 'code'],
    [{ kind: 'refuse', operation: 'getPayment', code: 'lost_or_stolen_card' }, 'code'],
  ])('refuses to arm %j because of %s', async (input, field) => {
    const reply = await sandbox.control('POST', '/control/faults', { provider: 'stripe', ...input });
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await sandbox.control('GET', '/control/faults')).body['faults']).toEqual([]);
  });

  it('can arm every kind but the 202 that the provider does not have', async () => {
    const options: Record<string, Json> = { refuse: { code: 'declined' }, 'list-lag': { seconds: 1 } };
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'processing');
    for (const kind of kinds) {
      const operation = kind === 'list-lag' ? 'listRefunds' : 'createRefund';
      await sandbox.fault({ kind, operation, ...options[kind] });
    }
    expect((await sandbox.control('DELETE', '/control/faults')).body).toEqual({ cleared: kinds.length });
    expect((await refund()).status).toBe(200);
  });
});
