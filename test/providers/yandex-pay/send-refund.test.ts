import { describe, expect, test } from 'vitest';
import { yandexPay } from '../../../src/providers/yandex-pay/index.ts';
import {
  capture,
  done,
  KEY,
  operation,
  order,
  orderAnswer,
  ORDER_ID,
  openAccount,
  refundOrder,
  said,
  scriptOf,
} from './account.ts';
import type { Script } from '../../support/scripted-provider.ts';

const ours = (more: object = {}) => operation({ amount: '100.00', status: 'PENDING', ...more });
const DUPLICATE = { reasonCode: 'DUPLICATE_EXTERNAL_OPERATION_ID' };
const BUSY = { reasonCode: 'ANOTHER_OPERATION_IN_PROGRESS' };

async function send(script: ReturnType<typeof scriptOf>, sends = 0, mayStillSend = () => true) {
  const { access, provider } = await openAccount(script);
  const outcome = await yandexPay.sendRefund(
    access,
    yandexPay.buildRefund(refundOrder),
    { providerPaymentId: ORDER_ID, amount: refundOrder.amount, sends },
    mayStillSend,
  );
  return { outcome, requests: provider.requests };
}

describe('a send', () => {
  test('carries the key of the account, the stored ids and the number of the try', async () => {
    const { outcome, requests } = await send(scriptOf(done({ operation: ours() })), 3);
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { status: 'PENDING', amount: { minor: 10_000n, currency: 'RUB' }, ourReference: KEY },
    });
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/api/merchant/v2/orders/order-7781/refund',
        headers: {
          authorization: 'Api-Key the-api-key',
          'x-request-id': `${KEY}-0`,
          'x-request-attempt': '3',
          'x-request-timeout': '10000',
        },
      },
    ]);
  });

  test('that may not begin any more sends nothing', async () => {
    const { outcome, requests } = await send(scriptOf(done({ operation: ours() })), 0, () => false);
    expect(outcome).toMatchObject({ kind: 'not-sent' });
    expect(requests).toEqual([]);
  });

  test.each<[what: string, answer: Script]>([
    ['a dropped connection', 'drop'],
    ['a server error', said(500)],
    ['a server error with a code of refusals', said(503, BUSY)],
    ['a server error with HTTP 200', said(200, { code: 500 })],
    ['a failure with HTTP 200 that tells nothing', { body: { status: 'fail', reason: 'no' } }],
    ['a timeout', said(408)],
    ['a redirect', { status: 302, body: '' }],
    ['a page for 400', { status: 400, body: '<html></html>' }],
    ['a page for 401', { status: 401, body: '<html></html>' }],
    ['a page for 404, with the order there', { status: 404, body: '<html></html>' }],
    ['a success without an operation', done({})],
    ['the refund of another order', done({ operation: ours({ orderId: 'order-1' }) })],
    ["another's refund", done({ operation: ours({ externalOperationId: 'theirs' }) })],
    ['another kind of operation', done({ operation: ours({ operationType: 'CAPTURE' }) })],
    ['an amount that is none', done({ operation: ours({ amount: '1,00' }) })],
  ])('answered with %s is unknown', async (_what, answer) => {
    const { outcome } = await send(scriptOf(answer));
    expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME' } });
    expect(outcome).not.toHaveProperty('isKeyConflict');
  });

  test('whose answer leaves our id out is ours all the same', async () => {
    const { outcome } = await send(scriptOf(done({ operation: ours({ externalOperationId: null }) })));
    expect(outcome).toMatchObject({ kind: 'accepted' });
  });

  test.each<[what: string, answer: Script, code: string, retryAfterMs: number | null]>([
    ['401', said(401), 'AUTHENTICATION_FAILED', null],
    ['403', said(403), 'AUTHENTICATION_FAILED', null],
    ['200 with 401 inside', said(200, { code: 401 }), 'AUTHENTICATION_FAILED', null],
    ['429', said(429), 'RATE_LIMITED', null],
    ['429 with advice', { ...(said(429) as object), headers: { 'retry-after': '7' } }, 'RATE_LIMITED', 7_000],
  ])('answered with %s is deferred', async (_what, answer, code, retryAfterMs) => {
    const { outcome } = await send(scriptOf(answer));
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code }, retryAfterMs });
  });
});

describe('a duplicate', () => {
  test.each([409, 400, 200])(
    'with HTTP %d is read by our external id and adopted, however it ended',
    async (status) => {
      for (const [word, found] of [
        ['PENDING', 'PENDING'],
        ['SUCCESS', 'SUCCEEDED'],
        ['FAIL', 'FAILED'],
      ]) {
        const held = done({ operation: ours({ status: word }) });
        const { outcome, requests } = await send(scriptOf(said(status, DUPLICATE), orderAnswer(), held));
        expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: found } });
        expect(requests.at(-1)?.path).toBe(`/api/merchant/v1/operations/${KEY}`);
      }
    },
  );

  test.each<[what: string, found: Script]>([
    ['not shown yet', said(404)],
    ['not to be read', said(500)],
  ])('that is %s is unknown', async (_what, found) => {
    const { outcome } = await send(scriptOf(said(409, DUPLICATE), orderAnswer(), found));
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(outcome).not.toHaveProperty('isKeyConflict');
  });

  test.each<[what: string, more: object]>([
    ["another order's", { orderId: 'order-1' }],
    ['no refund', { operationType: 'VOID' }],
  ])('that is %s is a conflict of keys: nothing is sent again', async (_what, more) => {
    const found = done({ operation: ours(more) });
    const { outcome } = await send(scriptOf(said(409, DUPLICATE), orderAnswer(), found));
    expect(outcome).toMatchObject({ kind: 'unknown', isKeyConflict: true });
  });
});

describe('a running operation', () => {
  test('that is ours is adopted', async () => {
    const held = orderAnswer(order(), [capture(), ours()]);
    const { outcome } = await send(scriptOf(said(409, BUSY), held));
    expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: 'PENDING', ourReference: KEY } });
  });

  test.each<[what: string, held: Script]>([
    ["somebody else's", orderAnswer(order(), [capture(), ours({ externalOperationId: 'theirs' })])],
    ['not shown', orderAnswer()],
    ['not to be read', said(500)],
  ])('that is %s puts the refund off', async (_what, held) => {
    const { outcome } = await send(scriptOf(said(409, BUSY), held));
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS' } });
  });

  test('puts it off whatever code the refusal has', async () => {
    const held = orderAnswer(order(), [
      capture(),
      ours({ operationType: 'CAPTURE', externalOperationId: null }),
    ]);
    const { outcome } = await send(scriptOf(said(400, { reasonCode: 'SOME_CODE' }), held));
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS' } });
  });
});

describe('a refusal', () => {
  test.each<[what: string, held: Script, error: object, code: string]>([
    ['of an order that is not there', said(404), {}, 'PAYMENT_NOT_FOUND'],
    [
      'of an unpaid order',
      orderAnswer(order({ paymentStatus: 'PENDING' }), []),
      {},
      'PAYMENT_NOT_REFUNDABLE',
    ],
    ['of a rolled back order', orderAnswer(order({ paymentStatus: 'FAILED' })), {}, 'PAYMENT_NOT_REFUNDABLE'],
    [
      'of an order without anything left',
      orderAnswer(order({ orderAmount: '0.00' })),
      {},
      'PAYMENT_NOT_REFUNDABLE',
    ],
    ['of more than is left', orderAnswer(order({ orderAmount: '99.99' })), {}, 'AMOUNT_EXCEEDS_REFUNDABLE'],
    ['that would leave less than 1.00', orderAnswer(order({ orderAmount: '100.99' })), {}, 'INVALID_AMOUNT'],
    ['of a cart that has changed', orderAnswer(), { reason: 'Cart total amount mismatch' }, 'INVALID_AMOUNT'],
    ['that nothing explains', orderAnswer(), { reasonCode: 'NEW' }, 'PROVIDER_REJECTED'],
    ['of an order that cannot be read', said(500), {}, 'PROVIDER_REJECTED'],
  ])('%s is %4$s', async (_what, held, error, code) => {
    for (const status of [400, 409]) {
      const { outcome } = await send(scriptOf(said(status, error), held));
      expect(outcome).toMatchObject({ kind: 'refused', failure: { code } });
    }
  });

  test('by 404 without an explanation counts where the order is not there either', async () => {
    const { outcome } = await send(scriptOf({ status: 404, body: '' }, { status: 404, body: '' }));
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PAYMENT_NOT_FOUND' } });
    const { outcome: open } = await send(scriptOf({ status: 404, body: '' }, said(500)));
    expect(open).toMatchObject({ kind: 'unknown' });
  });

  test('of a refund that is there all the same is that refund', async () => {
    const shown = await send(
      scriptOf(said(400), orderAnswer(order(), [capture(), ours({ status: 'SUCCESS' })])),
    );
    expect(shown.outcome).toMatchObject({ kind: 'accepted', refund: { status: 'SUCCEEDED' } });
    const byId = await send(scriptOf(said(400), orderAnswer(), done({ operation: ours() })));
    expect(byId.outcome).toMatchObject({ kind: 'accepted' });
    const elsewhere = await send(
      scriptOf(said(400), orderAnswer(), done({ operation: ours({ orderId: 'order-1' }) })),
    );
    expect(elsewhere.outcome).toMatchObject({ kind: 'unknown', isKeyConflict: true });
  });

  test('whose id cannot be looked up now proves nothing', async () => {
    const { outcome } = await send(scriptOf(said(400), orderAnswer(), said(500)));
    expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME' } });
  });

  test('of a key that no read is allowed with either is for a person', async () => {
    const { outcome } = await send(scriptOf(said(400), said(401)));
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'AUTHENTICATION_FAILED' } });
  });
});
