import { describe, expect, test } from 'vitest';
import type { Look } from '../../../src/providers/provider.ts';
import { yandexPay } from '../../../src/providers/yandex-pay/index.ts';
import {
  capture,
  KEY,
  mugs,
  NOW,
  operation,
  order,
  orderAnswer,
  ORDER_ID,
  openAccount,
  said,
} from './account.ts';
import type { Script } from '../../support/scripted-provider.ts';

async function see(answer: Script, id = ORDER_ID) {
  const { access, provider } = await openAccount(() => answer);
  return { look: await yandexPay.readPayment(access, id), requests: provider.requests };
}

const valueOf = <T>(look: Look<T>): T => {
  if (look.kind !== 'found') throw new Error(JSON.stringify(look));
  return look.value;
};

describe('an order', () => {
  test('is a payment with its refunds, in one call', async () => {
    const cut = mugs({ finalPrice: '70.00', discountedUnitPrice: '70.00', total: '210.00' });
    const { look, requests } = await see(
      orderAnswer(
        order({ orderAmount: '210.00', paymentStatus: 'PARTIALLY_REFUNDED', cart: { items: [cut] } }),
        [capture(), operation()],
      ),
    );
    expect(requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['GET', '/api/merchant/v1/orders/order-7781', 'Api-Key the-api-key'],
    ]);
    expect(valueOf(look)).toEqual({
      payment: {
        providerPaymentId: ORDER_ID,
        handles: {},
        orderReference: ORDER_ID,
        state: 'CAPTURED',
        rawStatus: 'PARTIALLY_REFUNDED',
        amount: { minor: 30_000n, currency: 'RUB' },
        capturedMinor: 30_000n,
        refundedMinor: 9_000n,
        refundableByProvider: true,
        wholeOnly: false,
        method: 'SPLIT',
        createdAt: new Date('2026-11-20T06:00:00Z'),
        capturedAt: new Date('2026-11-20T06:01:11Z'),
        holdExpiresAt: null,
        refundWindowClosesAt: null,
        sources: [],
        items: [{ item: 'sku-1', title: 'Mug', leftHundredths: 300n, leftMinor: 21_000n }],
      },
      refunds: [
        {
          providerRefundId: '6f1b9a52-3c55-4a3e-8a0d-1f2e3d4c5b6a',
          providerPaymentId: ORDER_ID,
          status: 'SUCCEEDED',
          rawStatus: 'SUCCESS',
          amount: { minor: 9_000n, currency: 'RUB' },
          failure: null,
          ourReference: KEY,
          createdAt: new Date('2026-11-21T07:05:00Z'),
          traceReferences: [],
          sources: [],
          providerDetails: {},
        },
      ],
    });
  });

  test.each([
    [null, [], 'PENDING', 0n],
    ['PENDING', [], 'PENDING', 0n],
    ['CONFIRMED', [], 'PENDING', 0n],
    ['AUTHORIZED', [], 'AUTHORIZED', 0n],
    ['CAPTURED', [capture()], 'CAPTURED', 30_000n],
    ['REFUNDED', [capture()], 'CAPTURED', 30_000n],
    ['VOIDED', [], 'CANCELED', 0n],
    ['FAILED', [], 'FAILED', 0n],
    ['FAILED', [capture({ status: 'FAIL' })], 'FAILED', 0n],
    ['FAILED', [capture()], 'CAPTURED', 30_000n],
    ['SOMETHING_NEW', [capture()], 'PENDING', 0n],
  ])('that is %s with %o is %s with %d captured', async (paymentStatus, operations, state, capturedMinor) => {
    const { look } = await see(orderAnswer(order({ paymentStatus }), operations));
    expect(valueOf(look).payment).toMatchObject({ state, capturedMinor });
  });

  test.each<[what: string, more: object, operations: object[], captured: bigint, refunded: bigint]>([
    [
      'shrunk for a refund that runs',
      { orderAmount: '210.00' },
      [capture(), operation({ status: 'PENDING' })],
      30_000n,
      0n,
    ],
    ['not shrunk for it', {}, [capture(), operation({ status: 'PENDING' })], 30_000n, 0n],
    ['shrunk for one that succeeded', { orderAmount: '210.00' }, [capture(), operation()], 30_000n, 9_000n],
    ['not shrunk for it yet', {}, [capture(), operation()], 30_000n, 9_000n],
    ['shrunk for one that is not shown', { orderAmount: '210.00' }, [capture()], 30_000n, 9_000n],
    ['without its capture', { orderAmount: '210.00' }, [operation()], 30_000n, 9_000n],
    ['captured in part', { orderAmount: '250.00' }, [capture({ amount: '250.00' })], 25_000n, 0n],
    ['captured on delivery', {}, [capture({ operationType: 'SUBMIT' })], 30_000n, 0n],
    ['with a refund that failed', {}, [capture(), operation({ status: 'FAIL' })], 30_000n, 0n],
  ])('%s has its sums', async (_what, more, operations, capturedMinor, refundedMinor) => {
    const { look } = await see(orderAnswer(order(more), operations));
    expect(valueOf(look).payment).toMatchObject({ state: 'CAPTURED', capturedMinor, refundedMinor });
  });

  const failed = { paymentStatus: 'FAILED' };
  const long = { ...failed, updated: '2026-11-22T11:50:00Z' };
  const young = { ...failed, updated: '2026-11-22T11:50:00.001000Z' };
  const rest = operation({ operationId: 'rest', amount: '210.00', externalOperationId: null });
  test.each<
    [what: string, order: object, operations: object[], refundable: boolean, refunded: bigint, sum: bigint]
  >([
    ['rolled back, the refund shown', young, [capture(), operation(), rest], false, 30_000n, 30_000n],
    ['rolled back long ago, the refund shown', long, [capture(), operation(), rest], false, 30_000n, 30_000n],
    ['rolled back long ago, hidden', long, [capture(), operation()], false, 30_000n, 30_000n],
    [
      'rolled back long ago, shrunk, hidden',
      { ...long, orderAmount: '0.00' },
      [capture()],
      false,
      30_000n,
      30_000n,
    ],
    ['rolled back just now, not shown yet', young, [capture()], false, 30_000n, 0n],
    [
      'whose refund failed',
      { ...long, orderAmount: '300.00' },
      [capture(), operation({ status: 'FAIL' })],
      true,
      0n,
      0n,
    ],
    [
      'whose refund failed, and which has shrunk for another that is not shown',
      { ...long, orderAmount: '200.00' },
      [capture(), operation({ status: 'FAIL' })],
      true,
      10_000n,
      0n,
    ],
    [
      'whose refund runs',
      { ...long, orderAmount: '210.00' },
      [capture(), operation({ status: 'PENDING' })],
      true,
      0n,
      0n,
    ],
    [
      'whose refund failed before a rollback',
      { ...long, orderAmount: '0.00' },
      [capture(), operation({ status: 'FAIL' })],
      false,
      30_000n,
      30_000n,
    ],
  ])(
    'FAILED and paid, %s, is told so that the sums are right',
    async (_what, more, operations, refundable, refunded, sum) => {
      const { look } = await see(orderAnswer(order(more), operations));
      const { payment, refunds } = valueOf(look);
      expect(payment).toMatchObject({
        state: 'CAPTURED',
        capturedMinor: 30_000n,
        refundedMinor: refunded,
        refundableByProvider: refundable,
      });
      const succeeded = refunds.filter(({ status }) => status === 'SUCCEEDED');
      expect(succeeded.reduce((total, { amount }) => total + amount.minor, 0n)).toBe(sum);
      expect(new Set(refunds.map(({ providerRefundId }) => providerRefundId)).size).toBe(refunds.length);
      expect(refunds.every(({ amount }) => amount.minor > 0n)).toBe(true);
      if (!refundable) expect(payment.items).toEqual([]);
    },
  );

  test.each<[what: string, items: unknown]>([
    ['a quantity with three decimals', [mugs({ quantity: { count: '2.505' } })]],
    ['one product twice', [mugs({ total: '150.00' }), mugs({ total: '150.00' })]],
    ['more than the order', [mugs({ total: '300.01' })]],
    ['less than the order, which has a delivery', [mugs({ total: '270.00' })]],
    [
      'a price that makes no whole total',
      [mugs({ total: null, finalPrice: '0.33', quantity: { count: '1.01' } })],
    ],
    ['no list', 'none'],
  ])('with a cart of %s can still be read, without its items', async (_what, items) => {
    const { look } = await see(orderAnswer(order({ cart: { items } })));
    expect(valueOf(look).payment).toMatchObject({ items: [], capturedMinor: 30_000n });
  });

  test('without totals has the price that counts now, times the quantity', async () => {
    const item = mugs({ total: null, finalPrice: '70.00', quantity: { count: '2.50' } });
    const { look } = await see(orderAnswer(order({ orderAmount: '175.00', cart: { items: [item] } })));
    expect(valueOf(look).payment.items).toMatchObject([{ leftHundredths: 250n, leftMinor: 17_500n }]);
  });

  test.each<[what: string, answer: Script]>([
    ['another order', orderAnswer(order({ orderId: 'order-1' }))],
    ['an operation of another order', orderAnswer(order(), [capture({ orderId: 'order-1' })])],
    ['an amount that is none', orderAnswer(order({ orderAmount: '1e3' }))],
    ['a refund without an amount', orderAnswer(order(), [capture(), operation({ amount: null })])],
    ['an unknown currency', orderAnswer(order({ currencyCode: 'RUR' }))],
    ['a failure with HTTP 200', said(200, { code: 500 })],
    ['a page', { body: '<html></html>' }],
    ['a server error', said(500)],
  ])('that cannot be read completely is unavailable: %s', async (_what, answer) => {
    const { look } = await see(answer);
    expect(look).toMatchObject({ kind: 'unavailable', failure: { code: 'PROVIDER_UNAVAILABLE' } });
  });

  test.each<[what: string, answer: Script, code: string]>([
    ['of another merchant', orderAnswer(order({ merchantId: 'another' })), 'AUTHENTICATION_FAILED'],
    ['in another currency', orderAnswer(order({ currencyCode: 'UZS' })), 'CURRENCY_MISMATCH'],
    ['for a refused key', said(401), 'AUTHENTICATION_FAILED'],
    ['for a refused key with HTTP 200', said(200, { code: 401 }), 'AUTHENTICATION_FAILED'],
  ])('%s is unavailable, and a person is asked', async (_what, answer, code) => {
    const { look } = await see(answer);
    expect(look).toMatchObject({ kind: 'unavailable', failure: { code, retry: 'ASK_A_HUMAN' } });
  });

  test.each<[what: string, answer: Script]>([
    ['an envelope', said(404)],
    ['nothing', { status: 404, body: '' }],
    ['a page', { status: 404, body: '<html></html>' }],
  ])('is absent by 404, with %s', async (_what, answer) => {
    expect((await see(answer)).look).toEqual({ kind: 'absent' });
  });

  test.each(['', 'order/1', 'order 1', '..', 'x'.repeat(129)])(
    'with the id %j is none of ours, and nothing is asked',
    async (id) => {
      const { look, requests } = await see(orderAnswer(), id);
      expect(look).toEqual({ kind: 'absent' });
      expect(requests).toEqual([]);
    },
  );
});

describe('a refund', () => {
  const known = {
    providerPaymentId: ORDER_ID,
    amount: { minor: 1n, currency: 'RUB' },
    createdAt: NOW,
  } as const;
  const id = '6f1b9a52-3c55-4a3e-8a0d-1f2e3d4c5b6a';

  test.each([
    ['PENDING', 'PENDING'],
    ['SUCCESS', 'SUCCEEDED'],
    ['FAIL', 'FAILED'],
    ['UNDER_REVIEW', 'UNRECOGNISED'],
  ])('%s is %s, whatever the status of its order', async (rawStatus, status) => {
    const answer = orderAnswer(order({ paymentStatus: 'FAILED' }), [
      capture(),
      operation({ status: rawStatus }),
    ]);
    const { access } = await openAccount(() => answer);
    const look = await yandexPay.readRefund(access, { ...known, providerRefundId: id });
    expect(valueOf(look)).toMatchObject({
      status,
      rawStatus,
      failure: status === 'FAILED' ? { code: 'PROVIDER_REJECTED' } : null,
    });
  });

  test('that its order does not show any more is absent, like one of an order that is not there', async () => {
    const { access } = await openAccount(() => orderAnswer());
    expect(await yandexPay.readRefund(access, { ...known, providerRefundId: id })).toEqual({
      kind: 'absent',
    });
    const { access: other } = await openAccount(() => said(404));
    expect(await yandexPay.readRefund(other, { ...known, providerRefundId: id })).toEqual({ kind: 'absent' });
  });

  test('keeps the reason and the points, and is listed newest first', async () => {
    const older = operation({
      operationId: 'older',
      created: '2026-11-20T10:00:00Z',
      externalOperationId: null,
    });
    const failed = operation({ status: 'FAIL', reason: 'Not possible', pointsAmount: '5.00' });
    const { access } = await openAccount(() => orderAnswer(order(), [capture(), older, failed]));
    const look = await yandexPay.listRefunds(access, { providerPaymentId: ORDER_ID });
    expect(valueOf(look)).toMatchObject({
      nextCursor: null,
      refunds: [
        { providerRefundId: id, providerDetails: { reason: 'Not possible', points_amount: '5.00' } },
        { providerRefundId: 'older', ourReference: null, providerDetails: {} },
      ],
    });
    await expect(yandexPay.listRefunds(access, {})).rejects.toThrow(RangeError);
  });
});
