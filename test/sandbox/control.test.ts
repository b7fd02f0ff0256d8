import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../sandbox/yookassa/demo-payments.ts';
import { type Harness, type Json, rub, startHarness } from './harness.ts';

describe('control API', () => {
  let sandbox: Harness;
  beforeEach(async () => {
    sandbox = await startHarness();
  });
  afterEach(() => sandbox.close());

  const post = (path: string, body: unknown) => sandbox.control('POST', `/control/${path}`, body);
  const get = (path: string) => sandbox.control('GET', `/control/${path}`);

  it('tells the credentials that it accepts and where', async () => {
    expect((await get('credentials?provider=yookassa')).body).toEqual({
      yookassa: [
        {
          account: 'yookassa-demo',
          shopId: '100500',
          secretKey: 'test_demo_yookassa_secret_key',
          baseUrl: sandbox.yookassaUrl,
        },
        {
          account: 'yookassa-other',
          shopId: '100501',
          secretKey: 'test_other_yookassa_secret_key',
          baseUrl: sandbox.yookassaUrl,
        },
      ],
    });
  });

  it('starts with ready payments of every kind under fixed ids', async () => {
    const { body } = await get('payments?provider=yookassa');
    expect(body['payments']).toHaveLength(DEMO_PAYMENTS.length);
    expect(new Set(DEMO_PAYMENTS.map(({ reference }) => reference)).size).toBe(DEMO_PAYMENTS.length);
    for (const { reference, status, account } of DEMO_PAYMENTS) {
      expect(reference).toHaveLength(36);
      expect(await sandbox.ledger(reference)).toMatchObject({ status, account });
    }
    const [, partly = '', , , , full = '', cash = '', old = ''] = DEMO_PAYMENTS.map(
      ({ reference }) => reference,
    );
    expect((await sandbox.ledger(partly)).refunds).toMatchObject([
      { amountMinor: '40000', origin: 'console', providerKey: null, ourReference: null },
    ]);
    for (const reference of [full, cash, old])
      expect((await sandbox.refund(reference, '1.00')).status).toBe(400);
  });

  it('keeps one payment as asked: account by shopId, reference, age, capture', async () => {
    const reference = '00000000-000f-5000-8000-00000000abcd';
    const createdAt = '2026-01-02T03:04:05.000Z';
    const answer = await post('payments', {
      provider: 'yookassa',
      account: '100501',
      reference,
      amount: rub('100.00'),
      captured: rub('60.00'),
      createdAt,
    });
    expect(answer).toMatchObject({ status: 200, body: { reference } });
    expect(await sandbox.ledger(reference)).toMatchObject({
      account: 'yookassa-other',
      capturedMinor: '6000',
      releasedMinor: '4000',
    });
  });

  it.each([
    ['payments', { amount: rub('1.00') }, 'provider'],
    ['payments', { provider: 'nobody', amount: rub('1.00') }, 'provider'],
    ['payments', { provider: 'yookassa' }, 'amount'],
    ['payments', { provider: 'yookassa', amount: { value: 1500, currency: 'RUB' } }, 'amount.value'],
    ['payments', { provider: 'yookassa', amount: rub('1.001') }, 'amount.value'],
    ['payments', { provider: 'yookassa', amount: rub('0.00') }, 'amount.value'],
    ['payments', { provider: 'yookassa', amount: { value: '1', currency: 'JPY' } }, 'amount.currency'],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), account: 'x' }, 'account'],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), reference: 'short' }, 'reference'],
    [
      'payments',
      { provider: 'yookassa', amount: rub('1.00'), reference: DEMO_PAYMENTS[0]?.reference },
      'reference',
    ],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), status: 'stolen' }, 'status'],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), method: 'gold' }, 'method'],
    [
      'payments',
      { provider: 'yookassa', amount: rub('1.00'), method: 'sbp', status: 'authorized' },
      'method',
    ],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), captured: rub('2.00') }, 'captured.value'],
    [
      'payments',
      { provider: 'yookassa', amount: rub('1.00'), createdAt: '2999-01-01T00:00:00Z' },
      'createdAt',
    ],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), createdAt: 'yesterday' }, 'createdAt'],
    [
      'payments',
      { provider: 'yookassa', amount: rub('2.00'), sources: [{ account: 'a', amount: rub('1.00') }] },
      'sources',
    ],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), connector: 'adyen' }, 'connector'],
    ['payments', { provider: 'yookassa', amount: rub('1.00'), colour: 'red' }, 'colour'],
    ['settle', { provider: 'yookassa', status: 'succeeded' }, 'refundId'],
    ['settle', { provider: 'yookassa', refundId: 'x', all: true, status: 'succeeded' }, 'refundId'],
    ['settle', { provider: 'yookassa', refundId: 'x', status: 'succeeded' }, 'refundId'],
    ['settle', { provider: 'yookassa', all: true, status: 'reversed' }, 'status'],
    ['mode', { provider: 'yookassa', refunds: 'sometimes' }, 'refunds'],
    ['mode', { provider: 'yookassa', texts: { nonsense: 'x' } }, 'texts.nonsense'],
    ['mode', { provider: 'yookassa', surprise: 1 }, 'surprise'],
    ['console-refund', { provider: 'yookassa', reference: 'x', amount: rub('1.00') }, 'reference'],
    [
      'console-refund',
      { provider: 'yookassa', reference: DEMO_PAYMENTS[0]?.reference, amount: rub('9999.00') },
      'amount',
    ],
    ['clock', { advanceSeconds: 'soon' }, 'advanceSeconds'],
    ['clock', {}, 'advanceSeconds'],
    ['clock/followers', { url: 'http://example.com/' }, 'url'],
    ['clock/followers', { url: 'nonsense' }, 'url'],
    ['webhooks', { provider: 'yookassa', mode: 'on' }, 'url'],
    ['webhooks', { provider: 'yookassa', mode: 'on', url: 'https://example.com' }, 'url'],
    ['webhooks', { provider: 'yookassa', mode: 'loud' }, 'mode'],
    ['payments', 'not json', 'body'],
    ['payments', '[]', 'body'],
  ])('refuses %s %j naming %s and changes nothing', async (path, body, field) => {
    const before = (await get('ledger')).text;
    const reply = await post(path, body);
    expect(reply).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await get('ledger')).text).toBe(before);
  });

  it('answers 404 and 405 in the same shape', async () => {
    expect(await get('nothing')).toMatchObject({ status: 404, body: { error: { field: 'path' } } });
    expect(await get('settle')).toMatchObject({ status: 405, body: { error: { field: 'method' } } });
    expect(await get('ledger?provider=nobody')).toMatchObject({
      status: 400,
      body: { error: { field: 'provider' } },
    });
  });

  it('logs every request with what it did, but without credentials', async () => {
    const id = await sandbox.payment();
    const { body: start } = await get('requests');
    await sandbox.refund(id, '1.00', {}, 'k1');
    await sandbox.refund(id, '1.00', {}, 'k1');
    await sandbox.fault({ operation: 'createRefund', kind: 'lost-after-effect' });
    await sandbox.refund(id, '2.00', {}, 'k2').catch(() => undefined);
    const { body, text } = await get(`requests?provider=yookassa&since=${String(start['next'])}`);
    expect(body['requests']).toMatchObject([
      {
        method: 'POST',
        path: '/v3/refunds',
        operation: 'createRefund',
        providerKey: 'k1',
        status: 200,
        effect: true,
        fault: null,
      },
      { providerKey: 'k1', status: 200, effect: false },
      { providerKey: 'k2', status: null, effect: true, fault: 'lost-after-effect' },
    ]);
    const [first, second, third] = body['requests'] as Json[];
    expect(first?.['bodyHash']).toMatch(/^[0-9a-f]{64}$/);
    expect(second?.['bodyHash']).toBe(first?.['bodyHash']);
    expect(third?.['bodyHash']).not.toBe(first?.['bodyHash']);
    expect(text).not.toMatch(/basic|secret/i);
    expect((await get(`requests?since=${String(body['next'])}`)).body).toEqual({
      requests: [],
      next: body['next'],
    });
  });

  it('records the reference and the key of refunds, and refunds made in the cabinet without either', async () => {
    const id = await sandbox.payment();
    await sandbox.refund(id, '1.00', { metadata: { refund_ref: 'RF-9' } }, 'k1');
    const { body } = await post('console-refund', {
      provider: 'yookassa',
      reference: id,
      amount: rub('2.00'),
    });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      {
        origin: 'api',
        providerKey: 'k1',
        ourReference: 'RF-9',
        sources: [{ account: 'yookassa-demo', amountMinor: '100' }],
      },
      { id: body['refundId'], origin: 'console', providerKey: null, ourReference: null },
    ]);
  });

  it('refunds a store of a split payment in the cabinet', async () => {
    const split = DEMO_PAYMENTS.find(({ sources }) => sources !== undefined)?.reference ?? '';
    const refund = { provider: 'yookassa', reference: split, amount: rub('100.00') };
    expect((await post('console-refund', refund)).body).toMatchObject({ error: { field: 'source' } });
    const source = { account: '200602', platformFee: rub('10.00') };
    expect((await post('console-refund', { ...refund, source })).status).toBe(200);
    expect((await sandbox.ledger(split)).refunds[0]?.sources).toEqual([
      { account: '200602', amountMinor: '10000', feeMinor: '1000' },
    ]);
  });

  it('settles one or all pending refunds, each once', async () => {
    await post('mode', { provider: 'yookassa', refunds: 'pending' });
    const id = await sandbox.payment();
    const first = String((await sandbox.refund(id, '1.00')).body['id']);
    const second = String((await sandbox.refund(id, '2.00')).body['id']);
    const settle = (input: Json) => post('settle', { provider: 'yookassa', ...input });
    expect((await settle({ refundId: first, status: 'succeeded' })).body).toEqual({ settled: [first] });
    expect((await settle({ refundId: first, status: 'canceled' })).status).toBe(400);
    expect((await settle({ all: true, status: 'failed' })).body).toEqual({ settled: [second] });
    expect((await sandbox.ledger(id)).refunds).toMatchObject([
      { status: 'succeeded' },
      { status: 'canceled' },
    ]);
  });

  it('resets everything to the beginning', async () => {
    const id = await sandbox.payment();
    await post('mode', { provider: 'yookassa', refunds: 'pending', texts: { notFound: 'gone fishing' } });
    await sandbox.fault({ kind: 'connect-refused' });
    await post('clock', { advanceSeconds: 5_000 });
    expect((await post('reset', {})).body).toMatchObject({ offsetSeconds: 0 });
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(404);
    expect((await get('faults')).body).toEqual({ faults: [] });
    expect((await get('mode?provider=yookassa')).body).toMatchObject({
      modes: [{ refunds: 'instant', texts: {} }],
    });
    expect((await get('payments?provider=yookassa')).body['payments']).toHaveLength(DEMO_PAYMENTS.length);
  });

  it('answers the ledger of thousands of refunds', async () => {
    const id = await sandbox.payment({ amount: rub('100000.00') });
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => sandbox.refund(id, '1.00')));
    }
    expect((await sandbox.ledger(id)).refunds).toHaveLength(2_000);
    expect((await sandbox.api('GET', `/payments/${id}`)).body['refunded_amount']).toEqual(rub('2000.00'));
  });
});

describe('clock', () => {
  let sandbox: Harness;
  let follower: Server;
  let told: unknown[];
  let status: number;
  let url: string;
  beforeEach(async () => {
    sandbox = await startHarness({ realNow: () => Date.parse('2026-11-22T10:00:00Z') });
    told = [];
    status = 200;
    follower = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        told.push(JSON.parse(text));
        response.statusCode = status;
        response.end();
      });
    });
    await new Promise<void>((resolve) => follower.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(follower.address() as AddressInfo).port}/clock`;
  });
  afterEach(async () => {
    follower.closeAllConnections();
    follower.close();
    await sandbox.close();
  });

  it('tells its followers before it answers', async () => {
    const first = await sandbox.control('POST', '/control/clock/followers', { url });
    expect(first.body).toEqual({ offsetSeconds: 0 });
    const moved = await sandbox.control('POST', '/control/clock', { advanceSeconds: 3_600 });
    expect(moved.body).toEqual({
      offsetSeconds: 3_600,
      now: '2026-11-22T11:00:00.000Z',
      followers: [{ url, ok: true }],
    });
    expect(told).toEqual([{ offsetSeconds: 3_600 }]);
    await sandbox.control('POST', '/control/clock', { advanceSeconds: -600 });
    expect(told.at(-1)).toEqual({ offsetSeconds: 3_000 });
    expect((await sandbox.control('GET', '/control/clock')).body).toEqual({
      offsetSeconds: 3_000,
      now: '2026-11-22T10:50:00.000Z',
    });
  });

  it('reports a follower that fails or does not answer, and goes on', async () => {
    await sandbox.control('POST', '/control/clock/followers', { url });
    status = 500;
    const failed = await sandbox.control('POST', '/control/clock', { advanceSeconds: 1 });
    expect(failed.body).toMatchObject({ offsetSeconds: 1, followers: [{ url, ok: false }] });
    follower.closeAllConnections();
    await new Promise((resolve) => follower.close(resolve));
    const moved = await sandbox.control('POST', '/control/clock', { advanceSeconds: 1 });
    expect(moved.body).toMatchObject({ offsetSeconds: 2, followers: [{ url, ok: false }] });
    await sandbox.control('DELETE', '/control/clock/followers', { url });
    expect(
      (await sandbox.control('POST', '/control/clock', { advanceSeconds: 1 })).body['followers'],
    ).toEqual([]);
  });
});
