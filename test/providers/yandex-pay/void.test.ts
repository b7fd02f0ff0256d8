import { describe, expect, test } from 'vitest';
import type { VoidTarget } from '../../../src/providers/provider.ts';
import { yandexPay, yandexSplit } from '../../../src/providers/yandex-pay/index.ts';
import { capture, done, KEY, operation, order, orderAnswer, ORDER_ID, openAccount, said } from './account.ts';
import type { Script } from '../../support/scripted-provider.ts';

const target = (state: VoidTarget['state']): VoidTarget => ({
  providerPaymentId: ORDER_ID,
  handles: {},
  state,
});
const build = (state: VoidTarget['state']) => yandexPay.buildVoid(target(state), KEY);

/** Sends a void; an order is answered by these, one after the other, and the last one again. */
async function send(state: VoidTarget['state'], post: Script, ...held: Script[]) {
  let reads = 0;
  const { access, provider } = await openAccount(({ method }) => {
    if (method === 'POST') return post;
    reads += 1;
    return held[Math.min(reads, held.length) - 1]!;
  });
  const outcome = await yandexPay.sendVoid(access, build(state), ORDER_ID, () => true);
  return { outcome, posts: provider.requests.filter(({ method }) => method === 'POST'), reads: () => reads };
}

const status = (paymentStatus: string | null, operations: object[] = []) =>
  orderAnswer(order({ paymentStatus }), operations);
const paid = status('CAPTURED', [capture()]);
const waiting = status('PENDING');
const rolledBack = done({});
const held = operation({ operationType: 'AUTHORIZE', externalOperationId: null });
const voided = operation({ operationType: 'VOID' });

test('the bytes are these', () => {
  expect(build('AUTHORIZED')).toEqual({
    method: 'POST',
    path: '/v1/orders/order-7781/cancel',
    headers: {
      'Content-Type': 'application/json',
      'X-Request-Id': `${KEY}-0`,
      'X-Request-Timeout': '10000',
    },
    body: `{"reason":"Canceled by the merchant","externalOperationId":"${KEY}"}`,
  });
  expect(build('PENDING')).toEqual({
    method: 'POST',
    path: '/v1/orders/order-7781/rollback',
    headers: { 'X-Request-Id': `${KEY}-0`, 'X-Request-Timeout': '10000' },
    body: null,
  });
  expect(() => yandexPay.buildVoid({ ...target('PENDING'), providerPaymentId: 'a/b' }, KEY)).toThrow(
    RangeError,
  );
});

test('holds are there in Russia only', () => {
  expect(yandexPay.capabilities).toMatchObject({ voidAuthorized: true, cancelUnpaid: true });
  expect(yandexSplit.capabilities).toMatchObject({ voidAuthorized: false, cancelUnpaid: true });
});

describe('a rollback', () => {
  test.each<[what: string, order: Script]>([
    ['waits for its payment', waiting],
    ['has no status yet', status(null)],
    ['was declined once', status('PENDING', [capture({ status: 'FAIL' })])],
  ])('is sent for an order that %s, which is read before and after', async (_what, before) => {
    const { outcome, posts, reads } = await send('PENDING', rolledBack, before, status('FAILED'));
    expect(outcome).toMatchObject({ kind: 'accepted', payment: { state: 'FAILED', capturedMinor: 0n } });
    expect(posts.map(({ path, body }) => [path, body])).toEqual([
      ['/api/merchant/v1/orders/order-7781/rollback', ''],
    ]);
    expect(reads()).toBe(2);
  });

  test.each<[what: string, order: Script]>([
    ['paid', paid],
    ['partially refunded', status('PARTIALLY_REFUNDED', [capture(), operation()])],
    ['refunded', status('REFUNDED', [capture()])],
    ['held', status('AUTHORIZED', [held])],
    ['confirmed', status('CONFIRMED')],
    ['in a state that is not known', status('SOMETHING_NEW')],
    ['PENDING while its capture is made', status('PENDING', [capture({ status: 'PENDING' })])],
    ['PENDING with a charge that succeeded', status('PENDING', [capture({ operationType: 'RECURRING' })])],
  ])('is never sent for an order that is %s', async (_what, before) => {
    const { outcome, posts } = await send('PENDING', rolledBack, before);
    expect(outcome).toMatchObject({ kind: 'refused', payment: { providerPaymentId: ORDER_ID } });
    expect(posts).toEqual([]);
  });

  test.each<[what: string, order: Script, kind: string]>([
    ['stopped already', status('FAILED'), 'accepted'],
    ['released already', status('VOIDED'), 'accepted'],
    ['not there', said(404), 'refused'],
    ['not to be read', said(500), 'not-sent'],
  ])('is not sent for an order that is %s', async (_what, before, kind) => {
    const { outcome, posts } = await send('PENDING', rolledBack, before);
    expect(outcome).toMatchObject({ kind });
    expect(posts).toEqual([]);
  });

  test('that came a moment too late says that the order was paid, and its refund is read', async () => {
    const late = status('FAILED', [capture(), operation({ amount: '300.00', externalOperationId: null })]);
    const { outcome } = await send('PENDING', rolledBack, waiting, late);
    expect(outcome).toMatchObject({
      kind: 'refused',
      payment: {
        state: 'CAPTURED',
        capturedMinor: 30_000n,
        refundedMinor: 30_000n,
        refundableByProvider: false,
      },
    });
  });

  test.each<[what: string, answer: Script, after: Script, kind: string]>([
    ['a lost answer', 'drop', waiting, 'unknown'],
    ['a server error', said(500), waiting, 'unknown'],
    ['429', said(429), waiting, 'deferred'],
    ['401', said(401), waiting, 'deferred'],
    ['a success that does not show', rolledBack, waiting, 'unknown'],
    ['a success that cannot be read', rolledBack, said(500), 'unknown'],
    ['a refusal', said(409), waiting, 'refused'],
    ['a refusal of what is stopped', said(409), status('FAILED'), 'accepted'],
    ['an unexplained 404', { status: 404, body: '' }, waiting, 'unknown'],
  ])('answered with %s is %4$s', async (_what, answer, after, kind) => {
    const { outcome, posts } = await send('PENDING', answer, waiting, after);
    expect(outcome).toMatchObject({ kind });
    expect(posts).toHaveLength(1);
  });
});

describe('the release of a hold', () => {
  test.each<[what: string, answer: Script, after: Script, kind: string]>([
    ['done', done({ operation: voided }), status('VOIDED', [held, voided]), 'accepted'],
    [
      'under way',
      done({ operation: voided }),
      status('AUTHORIZED', [held, operation({ operationType: 'VOID', status: 'PENDING' })]),
      'unknown',
    ],
    [
      'come to nothing',
      done({ operation: voided }),
      status('AUTHORIZED', [held, operation({ operationType: 'VOID', status: 'FAIL' })]),
      'refused',
    ],
    ['refused', said(400), status('AUTHORIZED', [held]), 'refused'],
    ['refused, and it was captured meanwhile', said(400), paid, 'refused'],
    [
      'refused while ours runs',
      said(409, { reasonCode: 'ANOTHER_OPERATION_IN_PROGRESS' }),
      status('AUTHORIZED', [held, operation({ operationType: 'VOID', status: 'PENDING' })]),
      'unknown',
    ],
    [
      'a duplicate',
      said(409, { reasonCode: 'DUPLICATE_EXTERNAL_OPERATION_ID' }),
      status('VOIDED', [held, voided]),
      'accepted',
    ],
    ['of no order', said(404), said(404), 'refused'],
    ['refused, and nothing can be read', said(400), said(500), 'refused'],
  ])('that is %s is told by the order afterwards', async (_what, answer, after, kind) => {
    const { outcome, posts, reads } = await send('AUTHORIZED', answer, after);
    expect(outcome).toMatchObject({ kind });
    expect(posts).toHaveLength(1);
    expect(reads()).toBeGreaterThan(0);
  });
});
