import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, OTHER, rub, startHarness } from '../harness.ts';

describe('yookassa idempotence keys', () => {
  let sandbox: Harness;
  let id: string;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
    id = await sandbox.payment();
  });
  afterEach(() => sandbox.close());

  const advance = (advanceSeconds: number) => sandbox.control('POST', '/control/clock', { advanceSeconds });
  const refundCount = async (): Promise<number> => (await sandbox.ledger(id)).refunds.length;

  it.each([
    ['missing', undefined],
    ['too long', 'k'.repeat(65)],
    ['with a space', 'a b'],
    ['with a slash', 'a/b'],
  ])('refuses a POST whose key is %s', async (_name, key) => {
    const body = { payment_id: id, amount: rub('1.00') };
    const reply = await sandbox.api('POST', '/refunds', key === undefined ? { body } : { body, key });
    expect(reply).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', parameter: 'Idempotence-Key' },
    });
    expect(await refundCount()).toBe(0);
  });

  it('does not know the header Idempotency-Key', async () => {
    const body = { payment_id: id, amount: rub('1.00') };
    const reply = await sandbox.api('POST', '/refunds', { body, headers: { 'idempotency-key': 'k' } });
    expect(reply.status).toBe(400);
  });

  it('accepts 64 characters of the whole alphabet', async () => {
    expect((await sandbox.refund(id, '1.00', {}, `aZ09+-_.${'k'.repeat(56)}`)).status).toBe(200);
  });

  it('repeats the first result for the same key and data, whatever the order of fields', async () => {
    const first = await sandbox.refund(id, '400.00', {}, 'k1');
    const again = await sandbox.api('POST', '/refunds', {
      key: 'k1',
      body: `{ "amount": {"currency": "RUB", "value": "400.00"}, "payment_id": "${id}" }`,
    });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await refundCount()).toBe(1);
  });

  it('refuses the same key with other data, also for another operation', async () => {
    await sandbox.refund(id, '400.00', {}, 'k1');
    const conflict = {
      status: 400,
      body: { parameter: 'Idempotence-Key', description: 'Idempotence key duplicated' },
    };
    expect(await sandbox.refund(id, '401.00', {}, 'k1')).toMatchObject(conflict);
    expect(await sandbox.api('POST', `/payments/${id}/cancel`, { key: 'k1', body: {} })).toMatchObject(
      conflict,
    );
    expect(await refundCount()).toBe(1);
  });

  it('creates a second refund for another key, and after 24 hours for the same one', async () => {
    await sandbox.refund(id, '100.00', {}, 'k1');
    await sandbox.refund(id, '100.00', {}, 'k2');
    expect(await refundCount()).toBe(2);
    await advance(86_390);
    await sandbox.refund(id, '100.00', {}, 'k1');
    expect(await refundCount()).toBe(2);
    await advance(20);
    await sandbox.refund(id, '100.00', {}, 'k1');
    expect(await refundCount()).toBe(3);
  });

  it('keeps keys of shops apart', async () => {
    const foreign = await sandbox.payment({ account: 'yookassa-other' });
    await sandbox.refund(id, '1.00', {}, 'k1');
    const body = { payment_id: foreign, amount: rub('1.00') };
    expect((await sandbox.api('POST', '/refunds', { shop: OTHER, key: 'k1', body })).status).toBe(200);
  });

  it('answers a replay with the stored body, or with the present state when so configured', async () => {
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', refunds: 'pending' });
    await sandbox.refund(id, '100.00', {}, 'k1');
    await sandbox.control('POST', '/control/settle', {
      provider: 'yookassa',
      all: true,
      status: 'succeeded',
    });
    expect((await sandbox.refund(id, '100.00', {}, 'k1')).body['status']).toBe('pending');
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', replay: 'current' });
    expect((await sandbox.refund(id, '100.00', {}, 'k1')).body['status']).toBe('succeeded');
  });

  it('keeps a refusal under its key, or forgets it when so configured', async () => {
    const first = await sandbox.refund(id, '9999.00', {}, 'k1');
    expect(first.status).toBe(400);
    expect((await sandbox.refund(id, '9999.00', {}, 'k1')).body).toEqual(first.body);
    expect((await sandbox.refund(id, '1.00', {}, 'k1')).body['parameter']).toBe('Idempotence-Key');
    await sandbox.control('POST', '/control/mode', { provider: 'yookassa', keepRefusals: false });
    await sandbox.refund(id, '9999.00', {}, 'k2');
    expect((await sandbox.refund(id, '1.00', {}, 'k2')).status).toBe(200);
  });

  it('lets the second of two simultaneous requests wait for the first', async () => {
    await sandbox.fault({ operation: 'createRefund', kind: 'slow', ms: 150, when: 'before' });
    const [slow, waiting] = await Promise.all([
      sandbox.refund(id, '100.00', {}, 'k1'),
      sandbox.refund(id, '100.00', {}, 'k1'),
    ]);
    expect(slow.body).toEqual(waiting.body);
    expect(await refundCount()).toBe(1);
    const { body } = await sandbox.control('GET', '/control/requests');
    expect(body['requests']).toMatchObject([
      { fault: 'slow', effect: true },
      { fault: null, effect: false },
    ]);
  });

  it('executes fifty simultaneous requests with one key once', async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => sandbox.refund(id, '100.00', {}, 'k1')),
    );
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
    expect(await refundCount()).toBe(1);
  });
});
