import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_PAYMENTS } from '../../../sandbox/yandex-pay/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../../sandbox/yandex-pay/settings.ts';
import { call, type Json, rub } from '../harness.ts';
import { items, KEY, MUGS, OTHER_KEY, startYandex, UZBEK_KEY, type YandexHarness } from './harness.ts';

const [READY] = DEMO_PAYMENTS;

describe('control API for yandex-pay', () => {
  let sandbox: YandexHarness;
  beforeEach(async () => {
    sandbox = await startYandex({});
  });
  afterEach(() => sandbox.close());

  const post = (path: string, body: object) =>
    sandbox.control('POST', `/control/${path}`, { provider: 'yandex-pay', ...body });
  const get = (path: string) => sandbox.control('GET', `/control/${path}`);

  it('tells the credentials of the three merchants', async () => {
    const common = {
      baseUrl: sandbox.yandexPayUrl,
      jwksUrl: sandbox.yandexPayUrl.replace('/api/merchant', '/api/jwks'),
    };
    const merchant = (account: string, key: string, edition: string, currency: string): Json => ({
      ...common,
      account,
      apiKey: key,
      merchantId: key,
      edition,
      currency,
    });
    expect((await get('credentials?provider=yandex-pay')).body).toEqual({
      'yandex-pay': [
        merchant('yandex-pay-demo', KEY, 'russia', 'RUB'),
        merchant('yandex-pay-uz', UZBEK_KEY, 'uzbekistan', 'UZS'),
        merchant('yandex-pay-other', OTHER_KEY, 'russia', 'RUB'),
      ],
    });
    expect(common.jwksUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/jwks$/);
  });

  it.each([
    ['payments', { amount: rub('1.001') }, 'amount.value'],
    ['payments', { amount: rub('0.00') }, 'amount.value'],
    ['payments', { amount: { value: '1.00', currency: 'UZS' } }, 'amount.currency'],
    ['payments', { amount: rub('1.00'), account: 'nobody' }, 'account'],
    ['payments', { amount: rub('1.00'), account: 'yandex-pay-uz' }, 'amount.currency'],
    [
      'payments',
      { amount: { value: '1.00', currency: 'UZS' }, account: 'yandex-pay-uz', status: 'authorized' },
      'status',
    ],
    ['payments', { amount: rub('1.00'), method: 'cash' }, 'method'],
    ['payments', { amount: rub('1.00'), method: 'sbp', status: 'authorized' }, 'method'],
    ['payments', { amount: rub('1.00'), reference: READY?.reference }, 'reference'],
    ['payments', { amount: rub('1.00'), sources: [{ account: 'a', amount: rub('1.00') }] }, 'sources'],
    ['payments', { amount: rub('1.00'), connector: 'adyen' }, 'connector'],
    ['payments', { amount: rub('300.01'), items: MUGS.items }, 'amount'],
    ['payments', { amount: rub('2.00'), items: items(['a', '1', '1.00'], ['a', '1', '1.00']) }, 'items'],
    ['payments', { amount: rub('2.00'), items: items(['a', '0', '1.00']) }, 'items.0.quantity'],
    ['payments', { amount: rub('2.00'), items: items(['a', '1.001', '1.00']) }, 'items.0.quantity'],
    ['payments', { amount: rub('3.30'), items: items(['a', '0.33', '10.01']) }, 'items.0.unitPrice'],
    ['payments', { amount: rub('2.00'), captured: rub('3.00') }, 'captured.value'],
    ['payments', { ...MUGS, captured: rub('200.02') }, 'captured.value'],
    ['payments', { amount: rub('2.00'), captured: rub('1.00'), status: 'pending' }, 'captured'],
    ['payments', { amount: rub('1.00'), createdAt: '2999-01-01T00:00:00Z' }, 'createdAt'],
    ['mode', { refunds: 'sometimes' }, 'refunds'],
    ['mode', { minimumRefund: '1' }, 'minimumRefund'],
    ['mode', { texts: { nonsense: 'x' } }, 'texts.nonsense'],
    ['mode', { surprise: 1 }, 'surprise'],
    ['settle', { all: true, status: 'reversed' }, 'status'],
    ['settle', { all: true, status: 'canceled' }, 'status'],
    ['settle', { all: true, status: 'succeeded', trace: { kind: 'arn' } }, 'trace'],
    ['settle', { all: true, status: 'succeeded', reason: 'x' }, 'reason'],
    ['settle', { refundId: 'x', status: 'succeeded' }, 'refundId'],
    ['console-refund', { reference: 'unknown', amount: rub('1.00') }, 'reference'],
    ['console-refund', { reference: READY?.reference, amount: rub('9999.00') }, 'amount'],
    [
      'console-refund',
      { reference: READY?.reference, amount: rub('1.00'), source: { account: 'a' } },
      'source',
    ],
  ])('refuses %s %j naming %s and changes nothing', async (path, body, field) => {
    const before = (await get('ledger')).text;
    expect(await post(path, body)).toMatchObject({ status: 400, body: { error: { field } } });
    expect((await get('ledger')).text).toBe(before);
  });

  it('starts with ready orders of every kind under fixed ids', async () => {
    const { body } = await get('payments?provider=yandex-pay');
    expect(body['payments']).toMatchObject(
      DEMO_PAYMENTS.map(({ reference, account, description }) => ({ reference, account, description })),
    );
    expect(new Set(DEMO_PAYMENTS.map(({ reference }) => reference)).size).toBe(DEMO_PAYMENTS.length);
    const shown = Object.fromEntries(
      await Promise.all(
        DEMO_PAYMENTS.map(async ({ reference, account }) => {
          const { status, capturedMinor, refunds, ...entry } = await sandbox.ledger(reference);
          expect(entry.account).toBe(account);
          return [reference, [status, capturedMinor, refunds.length]] as const;
        }),
      ),
    );
    expect(shown).toEqual({
      'yp-demo-01': ['CAPTURED', '150000', 0],
      'yp-demo-02': ['CAPTURED', '400000', 0],
      'yp-demo-03': ['PARTIALLY_REFUNDED', '150000', 1],
      'yp-demo-04': ['AUTHORIZED', '0', 0],
      'yp-demo-05': ['PENDING', '0', 0],
      'yp-demo-06': ['CAPTURED', '25000', 0],
      'yp-demo-07': ['CAPTURED', '10003', 0],
      'yp-demo-08': ['CAPTURED', '99000', 0],
      'yp-demo-09': ['REFUNDED', '99000', 1],
      'yp-demo-10': ['CAPTURED', '50000', 0],
      'yp-demo-11': ['CAPTURED', '35000000', 0],
      'yp-demo-12': ['PENDING', '0', 0],
    });
  });

  it('makes one line of an order without items, and keeps it as asked', async () => {
    const createdAt = '2026-01-02T03:04:05.678Z';
    const reference = await sandbox.payment({ reference: 'order-1', createdAt, amount: rub('12.34') });
    expect((await sandbox.order(reference)).order).toMatchObject({
      created: '2026-01-02T06:04:05.678000+03:00',
      cart: { items: [{ quantity: { count: '1' }, unitPrice: '12.34' }] },
    });
  });

  it('keeps what was captured less', async () => {
    const reference = await sandbox.payment({ ...MUGS, captured: rub('200.00') });
    expect((await sandbox.order(reference)).order.orderAmount).toBe('200.00');
    expect(await sandbox.ledger(reference)).toMatchObject({
      capturedMinor: '20000',
      releasedMinor: '10000',
      voided: false,
    });
  });

  it('answers a mode with all of it, and resets everything', async () => {
    const { body } = await post('mode', { refunds: 'pending', statuses: { orderUnknown: 400 } });
    expect(body).toEqual({
      provider: 'yandex-pay',
      ...DEFAULT_SETTINGS,
      refunds: 'pending',
      statuses: { orderUnknown: 400 },
    });
    const id = await sandbox.payment();
    await sandbox.control('POST', '/control/reset', {});
    expect((await sandbox.api('GET', `/v1/orders/${id}`)).status).toBe(404);
    expect((await get('mode?provider=yandex-pay')).body).toEqual({
      modes: [{ provider: 'yandex-pay', ...DEFAULT_SETTINGS }],
    });
    expect((await get('payments?provider=yandex-pay')).body['payments']).toHaveLength(DEMO_PAYMENTS.length);
  });
});

describe('yandex-pay with a journal', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'yandex-pay-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const jwksOf = async ({ yandexPayUrl }: YandexHarness) =>
    (await call(yandexPayUrl.replace('/merchant', '/jwks'), {})).body;

  it('keeps the signing key when it is reset and started again', async () => {
    const options = { journal: join(directory, 'journal.jsonl') };
    const first = await startYandex(options);
    const before = await jwksOf(first);
    await first.control('POST', '/control/reset', {});
    await first.close();
    const second = await startYandex(options);
    try {
      expect(before['keys']).toHaveLength(1);
      expect(await jwksOf(second)).toEqual(before);
    } finally {
      await second.close();
    }
  });

  it('remembers orders, operations, both kinds of id, what is due, the mode and the signing key', async () => {
    const options = { journal: join(directory, 'journal.jsonl'), seed: false };
    const first = await startYandex(options);
    const id = await first.payment(MUGS);
    const other = await first.payment(MUGS);
    await first.mode({ refunds: 'pending' });
    const waiting = await first.refund(id, '300.00', { externalOperationId: 'rf-1' }, 'r-1');
    await first.mode({ refunds: 'instant', settleAfterSeconds: 3_600 });
    await first.refund(other, '300.00', { externalOperationId: 'rf-2' });
    const before = [await first.order(id), await first.order(other), await jwksOf(first)];
    await first.close();

    const second = await startYandex(options);
    try {
      expect([await second.order(id), await second.order(other), await jwksOf(second)]).toEqual(before);
      const again = await second.refund(id, '300.00', { externalOperationId: 'rf-1' }, 'r-1');
      expect(again.body).toEqual(waiting.body);
      expect((await second.refund(id, '1.00', { externalOperationId: 'rf-1' })).body['reason']).toMatch(
        /other arguments/,
      );
      await second.advance(3_601);
      expect((await second.order(other)).order.paymentStatus).toBe('REFUNDED');
      expect((await second.order(id)).order.paymentStatus).toBe('CAPTURED');
    } finally {
      await second.close();
    }
  });
});
