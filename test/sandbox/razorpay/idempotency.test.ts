import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../harness.ts';
import { descriptionOf, OTHER_ACCOUNT, type RazorpayHarness, startRazorpay } from './harness.ts';

const KEY = 'rf-2026-000017';

describe('razorpay idempotency keys', () => {
  let sandbox: RazorpayHarness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startRazorpay();
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;
  const raw = (body: string, key = KEY) => sandbox.api('POST', `/payments/${id}/refund`, { key, body });
  const conflict = 'Different request with the same idempotency key has already been processed.';

  it('answers the same key and bytes with the original refund', async () => {
    const first = await sandbox.refund(id, 40_000, { receipt: 'R-1' }, KEY);
    const again = await sandbox.refund(id, 40_000, { receipt: 'R-1' }, KEY);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await refundCount()).toBe(1);
    const { body } = await sandbox.control('GET', '/control/requests?provider=razorpay');
    expect(body['requests']).toMatchObject([
      { providerKey: KEY, effect: true, operation: 'createRefund', account: 'razorpay-demo' },
      { providerKey: KEY, effect: false },
    ]);
  });

  it('answers another body, or the same for another payment, with 409', async () => {
    await sandbox.refund(id, 40_000, {}, KEY);
    const other = await sandbox.payment();
    for (const reply of [
      await sandbox.refund(id, 40_001, {}, KEY),
      await sandbox.refund(other, 40_000, {}, KEY),
    ]) {
      expect(reply).toMatchObject({
        status: 409,
        body: { error: { code: 'BAD_REQUEST_ERROR', source: 'NA', step: 'NA', reason: 'NA' } },
      });
      expect(descriptionOf(reply)).toBe(conflict);
    }
    expect(await refundCount()).toBe(1);
  });

  it('compares bytes, or JSON on demand', async () => {
    await raw('{"amount":100,"speed":"normal"}');
    expect((await raw('{"speed":"normal", "amount":100}')).status).toBe(409);
    await sandbox.mode({ bodyHash: 'canonical' });
    await raw('{"amount":200,"speed":"normal"}', 'key-0000000002');
    expect((await raw('{"speed":"normal", "amount":200}', 'key-0000000002')).status).toBe(200);
    expect(await refundCount()).toBe(2);
  });

  it.each([
    ['', 'The idempotency key must be at least 10 characters long.'],
    ['123456789', 'The idempotency key must be at least 10 characters long.'],
    [
      'has a space',
      'The idempotency key must only contain alphanumeric characters, underscores, and hyphens',
    ],
    [
      'rf.2026.000017',
      'The idempotency key must only contain alphanumeric characters, underscores, and hyphens',
    ],
  ])('refuses the key "%s"', async (key, description) => {
    const reply = await sandbox.refund(id, 100, {}, key);
    expect([reply.status, descriptionOf(reply)]).toEqual([400, description]);
    expect(await refundCount()).toBe(0);
  });

  it('accepts long keys, and needs none', async () => {
    expect((await sandbox.refund(id, 100, {}, `aZ_-${'9'.repeat(60)}`)).status).toBe(200);
    await sandbox.refund(id, 100);
    await sandbox.refund(id, 100);
    expect(await refundCount()).toBe(3);
  });

  it('answers a body that cannot be read with 500 beside a key', async () => {
    const reply = await raw('{"amount":');
    expect([reply.status, descriptionOf(reply)]).toEqual([
      500,
      'Internal server error - Failed to parse request body',
    ]);
  });

  it('keeps the keys of accounts apart', async () => {
    await sandbox.refund(id, 100, {}, KEY);
    const foreign = await sandbox.payment({ account: 'razorpay-other' });
    const reply = await sandbox.api('POST', `/payments/${foreign}/refund`, {
      account: OTHER_ACCOUNT,
      key: KEY,
      body: { amount: 200 },
    });
    expect(reply.status).toBe(200);
  });

  it('ignores the header where it means nothing', async () => {
    await sandbox.refund(id, 100, {}, KEY);
    expect((await sandbox.api('GET', `/payments/${id}`, { key: 'x' })).status).toBe(200);
    const held = await sandbox.payment({ status: 'authorized' });
    const body = { amount: 150_000, currency: 'MYR' };
    expect((await sandbox.api('POST', `/payments/${held}/capture`, { key: 'x', body })).status).toBe(200);
  });

  it('answers 409 "in progress" while the first request runs', async () => {
    await sandbox.fault({ operation: 'createRefund', kind: 'slow', when: 'before', ms: 300 });
    const first = sandbox.refund(id, 100, {}, KEY);
    await expect
      .poll(
        async () => (await sandbox.control('GET', '/control/requests?provider=razorpay')).body['requests'],
      )
      .toHaveLength(1);
    const second = await sandbox.refund(id, 100, {}, KEY);
    expect([second.status, descriptionOf(second)]).toEqual([
      409,
      'Another request with the same idempotency key is still in progress.',
    ]);
    expect((await sandbox.refund(id, 100, {}, 'key-0000000002')).status).toBe(200);
    expect((await first).status).toBe(200);
    expect((await sandbox.refund(id, 100, {}, KEY)).body).toEqual((await first).body);
    expect(await refundCount()).toBe(2);
  });

  it('forgets a key after its life', async () => {
    await sandbox.refund(id, 100, {}, KEY);
    await sandbox.advance(86_390);
    await sandbox.refund(id, 100, {}, KEY);
    expect(await refundCount()).toBe(1);
    await sandbox.advance(20);
    await sandbox.refund(id, 100, {}, KEY);
    expect(await refundCount()).toBe(2);
    await sandbox.mode({ keyLifeSeconds: 60 });
    await sandbox.advance(61);
    await sandbox.refund(id, 100, {}, KEY);
    expect(await refundCount()).toBe(3);
  });

  it('is saved by the receipt when a key was forgotten', async () => {
    await sandbox.refund(id, 100, { receipt: 'R-1' }, KEY);
    await sandbox.fault({ operation: 'createRefund', kind: 'key-forgotten' });
    const reply = await sandbox.refund(id, 100, { receipt: 'R-1' }, KEY);
    expect(reply).toMatchObject({ status: 400, body: { error: { field: 'receipt' } } });
    expect(await refundCount()).toBe(1);
  });

  it('keeps a refusal under its key, or forgets it when so configured', async () => {
    const first = await sandbox.refund(id, 999_999, {}, KEY);
    expect(first.status).toBe(400);
    expect((await sandbox.refund(id, 999_999, {}, KEY)).body).toEqual(first.body);
    expect((await sandbox.refund(id, 100, {}, KEY)).status).toBe(409);
    await sandbox.mode({ keepRefusals: false });
    await sandbox.refund(id, 999_999, {}, 'key-0000000002');
    expect((await sandbox.refund(id, 100, {}, 'key-0000000002')).status).toBe(200);
  });

  it('answers a replay with the stored body, or with the present state when so configured', async () => {
    await sandbox.mode({ refunds: 'pending' });
    await sandbox.refund(id, 100, {}, KEY);
    await sandbox.settle({ all: true, status: 'succeeded' });
    const status = async (): Promise<Json[string]> => (await sandbox.refund(id, 100, {}, KEY)).body['status'];
    expect(await status()).toBe('pending');
    await sandbox.mode({ replay: 'current' });
    expect(await status()).toBe('processed');
  });
});
