import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reply } from '../harness.ts';
import { errorOf, OTHER_KEY, startStripe, type StripeHarness } from './harness.ts';

const KEY = 'rf-2026-000017';

describe('stripe Idempotency-Key', () => {
  let sandbox: StripeHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startStripe();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const isReplay = ({ headers }: Reply): boolean => headers.get('idempotent-replayed') === 'true';

  it('gives the first answer again, byte for byte, and says so', async () => {
    const first = await sandbox.refund(id, 100, {}, KEY);
    const again = await sandbox.refund(id, 100, {}, KEY);
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(again.headers.get('request-id')).not.toBe(first.headers.get('request-id'));
    expect(await refundCount()).toBe(1);
    await sandbox.settle({ refundId: first.body['id'], status: 'reversed' });
    expect((await sandbox.refund(id, 100, {}, KEY)).body['status']).toBe('succeeded');
  });

  it('does not mind the order of parameters or the version', async () => {
    await sandbox.api('POST', '/refunds', { key: KEY, body: `amount=100&payment_intent=${id}` });
    const again = await sandbox.api('POST', '/refunds', {
      key: KEY,
      body: `payment_intent=${id}&amount=100`,
      headers: { 'stripe-version': '2022-11-15' },
    });
    expect([isReplay(again), await refundCount()]).toEqual([true, 1]);
  });

  it('is an error with other parameters, also on another path', async () => {
    await sandbox.refund(id, 100, {}, KEY);
    const held = await sandbox.payment({ status: 'authorized' });
    const path = `/payment_intents/${held}/cancel`;
    for (const reply of [
      await sandbox.refund(id, 101, {}, KEY),
      await sandbox.refund(id, 100, { 'metadata[k]': 'v' }, KEY),
      await sandbox.api('POST', path, { key: KEY }),
    ]) {
      expect([reply.status, errorOf(reply)]).toEqual([
        400,
        { type: 'idempotency_error', message: expect.stringMatching(`^Keys for idempotent .*'${KEY}'`) },
      ]);
      expect(isReplay(reply)).toBe(false);
    }
    expect([await refundCount(), (await sandbox.ledger(held)).voided]).toEqual([1, false]);
  });

  it('remembers refusals of a request that was begun', async () => {
    const first = await sandbox.refund(id, 15_001, {}, KEY);
    const again = await sandbox.refund(id, 15_001, {}, KEY);
    expect([first.status, again.status, isReplay(again)]).toEqual([400, 400, true]);
    expect(errorOf(await sandbox.refund(id, 100, {}, KEY))['type']).toBe('idempotency_error');
    const missing = await sandbox.refund('pi_late', 100, {}, 'key-late');
    await sandbox.payment({ reference: 'pi_late' });
    expect(missing.status).toBe(404);
    expect((await sandbox.refund('pi_late', 100, {}, 'key-late')).status).toBe(404);
  });

  it('forgets what was refused before it was begun: parameters, credentials, rate limits', async () => {
    await sandbox.refund(id, 0, {}, KEY);
    await sandbox.refund(id, 100, { color: 'red' }, KEY);
    await sandbox.api('POST', '/refunds', {
      key: KEY,
      apiKey: 'sk_test_wrong',
      body: { payment_intent: id },
    });
    for (const kind of [
      'rate-limited',
      'busy',
      'unauthorized',
      'forbidden',
      'key-conflict',
      'key-in-progress',
    ]) {
      await sandbox.fault({ operation: 'createRefund', kind });
      expect((await sandbox.refund(id, 100, {}, KEY)).status).toBeGreaterThan(399);
    }
    const reply = await sandbox.refund(id, 100, {}, KEY);
    expect([reply.status, isReplay(reply)]).toEqual([200, false]);
  });

  it.each([
    ['error-before-effect', 0],
    ['error-after-effect', 1],
  ])('remembers the 500 of %s for a day', async (kind, executed) => {
    await sandbox.fault({ operation: 'createRefund', kind });
    expect((await sandbox.refund(id, 100, {}, KEY)).status).toBe(500);
    const again = await sandbox.refund(id, 100, {}, KEY);
    expect([again.status, isReplay(again), await refundCount()]).toEqual([500, true, executed]);
    await sandbox.advance(86_399);
    expect((await sandbox.refund(id, 100, {}, KEY)).status).toBe(500);
    await sandbox.advance(2);
    const late = await sandbox.refund(id, 100, {}, KEY);
    expect([late.status, isReplay(late), await refundCount()]).toEqual([200, false, executed + 1]);
  });

  it.each([
    ['error-before-effect', { status: 503 }, {}, 0],
    ['error-after-effect', { status: 502 }, {}, 1],
    ['error-before-effect', {}, { keepServerErrors: false }, 0],
    ['error-after-effect', {}, { keepServerErrors: false }, 1],
  ])('does not remember the error of %s %j in mode %j', async (kind, options, mode, executed) => {
    await sandbox.mode(mode);
    await sandbox.fault({ operation: 'createRefund', kind, ...options });
    expect((await sandbox.refund(id, 100, {}, KEY)).status).toBeGreaterThan(499);
    expect(await refundCount()).toBe(executed);
    expect((await sandbox.refund(id, 100, {}, KEY)).status).toBe(200);
    expect(await refundCount()).toBe(1);
  });

  it('belongs to one account', async () => {
    const foreign = await sandbox.payment({ account: 'stripe-other' });
    await sandbox.refund(id, 100, {}, KEY);
    const body = { payment_intent: foreign, amount: '100' };
    const reply = await sandbox.api('POST', '/refunds', { key: KEY, apiKey: OTHER_KEY, body });
    expect([reply.status, reply.body['payment_intent']]).toEqual([200, foreign]);
  });

  it('is 409 while the first request runs, and the first one goes on', async () => {
    await sandbox.fault({ operation: 'createRefund', kind: 'slow', ms: 300, when: 'before' });
    const first = sandbox.refund(id, 100, {}, KEY);
    await expect
      .poll(async () => (await sandbox.control('GET', '/control/requests')).body['requests'])
      .toHaveLength(1);
    const second = await sandbox.refund(id, 100, {}, KEY);
    expect([second.status, errorOf(second)['code']]).toEqual([409, 'idempotency_key_in_use']);
    expect(second.headers.get('request-id')).toMatch(/^req_/);
    expect((await first).status).toBe(200);
    expect(isReplay(await sandbox.refund(id, 100, {}, KEY))).toBe(true);
    expect(await refundCount()).toBe(1);
  });

  it('means nothing on GET, and every POST without one is a new refund', async () => {
    const read = () => sandbox.api('GET', `/payment_intents/${id}`, { key: KEY });
    await read();
    expect(isReplay(await read())).toBe(false);
    await sandbox.refund(id, 100);
    await sandbox.refund(id, 100);
    expect(await refundCount()).toBe(2);
  });

  it('is good for updates, cancels and captures too', async () => {
    const held = await sandbox.payment({ status: 'authorized' });
    const cancel = () => sandbox.api('POST', `/payment_intents/${held}/cancel`, { key: KEY });
    expect((await cancel()).status).toBe(200);
    const again = await cancel();
    expect([again.status, isReplay(again)]).toEqual([200, true]);
    const second = await sandbox.payment({ status: 'authorized' });
    const other = await sandbox.api('POST', `/payment_intents/${second}/cancel`, { key: KEY });
    expect([other.status, errorOf(other)['type']]).toEqual([400, 'idempotency_error']);
    expect((await sandbox.ledger(second)).voided).toBe(false);
  });

  it('has at most 255 characters', async () => {
    expect((await sandbox.refund(id, 100, {}, 'k'.repeat(256))).status).toBe(400);
    expect((await sandbox.refund(id, 100, {}, 'k'.repeat(255))).status).toBe(200);
  });
});
