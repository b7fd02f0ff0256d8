import { knownRefund } from '../known-refund.ts';
import { expect, test } from 'vitest';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  list,
  openShop,
  payment,
  PAYMENT_ID,
  refund,
  REFUND_ID,
  rub,
  scriptOf,
  type State,
  wireError,
} from './shop.ts';

async function read(state: State) {
  const { access } = await openShop(scriptOf({}, state));
  return yookassa.readPayment(access, PAYMENT_ID);
}

test('a payment with all facts and its refunds', async () => {
  const transfers = [
    { account_id: '200601', amount: rub('900.00'), status: 'succeeded', platform_fee_amount: rub('90.00') },
    { account_id: '200602', amount: rub('600.00'), status: 'succeeded' },
  ];
  const look = await read({
    payment: { body: payment({ refunded_amount: rub('400.00'), transfers }) },
    refunds: { body: list(refund()) },
  });
  expect(look).toMatchObject({ kind: 'found', value: { refunds: [{ providerRefundId: REFUND_ID }] } });
  expect(look.kind === 'found' && look.value.payment).toEqual({
    providerPaymentId: PAYMENT_ID,
    orderReference: '4711',
    state: 'CAPTURED',
    rawStatus: 'succeeded',
    amount: { minor: 150000n, currency: 'RUB' },
    capturedMinor: 150000n,
    refundedMinor: 40000n,
    refundableByProvider: true,
    method: 'bank_card',
    createdAt: new Date('2026-11-20T09:15:04.123Z'),
    capturedAt: new Date('2026-11-20T09:15:31.870Z'),
    holdExpiresAt: null,
    refundWindowClosesAt: new Date('2029-11-20T09:15:04.123Z'),
    sources: [
      { seller: '200601', amountMinor: 90000n, platformFeeMinor: 9000n },
      { seller: '200602', amountMinor: 60000n, platformFeeMinor: null },
    ],
    handles: {},
    wholeOnly: false,
    items: [],
  });
});

test.each([
  ['pending', 'PENDING', 0n],
  ['waiting_for_capture', 'AUTHORIZED', 0n],
  ['succeeded', 'CAPTURED', 150000n],
  ['canceled', 'CANCELED', 0n],
  ['of_tomorrow', 'PENDING', 0n],
])('a payment that is %s is %s', async (rawStatus, state, capturedMinor) => {
  const look = await read({ payment: { body: payment({ status: rawStatus }) } });
  expect(look).toMatchObject({ value: { payment: { state, rawStatus, capturedMinor } } });
});

test('a hold, a method with a shorter window, and odd descriptive fields', async () => {
  const more = {
    status: 'waiting_for_capture',
    captured_at: undefined,
    expires_at: '2026-11-27T09:15:04.123Z',
    payment_method: { type: 'sberbank' },
    metadata: { order_id: 4711 },
  };
  expect(await read({ payment: { body: payment(more) } })).toMatchObject({
    value: {
      payment: {
        orderReference: null,
        capturedAt: null,
        refundedMinor: 0n,
        holdExpiresAt: new Date('2026-11-27T09:15:04.123Z'),
        refundWindowClosesAt: new Date('2027-11-20T09:15:04.123Z'),
      },
    },
  });
});

test.each([404, 400])('a payment whose GET answers %i is absent', async (status) => {
  expect(await read({ payment: { status, body: wireError() } })).toEqual({ kind: 'absent' });
});

test.each<[string, Script, string]>([
  ['401', { status: 401, body: wireError({ code: 'invalid_credentials' }) }, 'AUTHENTICATION_FAILED'],
  ['403', { status: 403, body: wireError({ code: 'forbidden' }) }, 'AUTHENTICATION_FAILED'],
  ['429', { status: 429, body: wireError({ code: 'too_many_requests' }) }, 'RATE_LIMITED'],
  ['500', { status: 500, body: wireError({ code: 'internal_server_error' }) }, 'PROVIDER_UNAVAILABLE'],
  ['302', { status: 302 }, 'PROVIDER_UNAVAILABLE'],
  ["a proxy's 404", { status: 404, body: '<html>Not Found</html>' }, 'PROVIDER_UNAVAILABLE'],
  ["a proxy's 400", { status: 400, body: '' }, 'PROVIDER_UNAVAILABLE'],
  ['HTML', { body: '<html>' }, 'PROVIDER_UNAVAILABLE'],
  ['another payment', { body: payment({ id: REFUND_ID }) }, 'PROVIDER_UNAVAILABLE'],
  ['an amount that cannot be read', { body: payment({ amount: rub('1500') }) }, 'PROVIDER_UNAVAILABLE'],
  [
    'a refunded sum that cannot be read',
    { body: payment({ refunded_amount: rub('') }) },
    'PROVIDER_UNAVAILABLE',
  ],
  ['a broken connection', 'drop', 'PROVIDER_UNAVAILABLE'],
])('%s leaves the payment unavailable', async (_name, script, code) => {
  expect(await read({ payment: script })).toMatchObject({ kind: 'unavailable', failure: { code } });
});

test.each<[string, Script]>([
  ['an error', { status: 400, body: wireError() }],
  ['a refund that cannot be read', { body: list(refund(), refund({ amount: rub('1.0') })) }],
  ['a refund of another payment', { body: list(refund({ payment_id: REFUND_ID })) }],
])('a list of refunds with %s leaves the payment unavailable', async (_name, script) => {
  expect(await read({ refunds: script })).toMatchObject({ kind: 'unavailable' });
});

test('the refunds of a payment are followed through all pages, each counted once', async () => {
  const pages: Record<string, object> = {
    first: { ...list(refund({ id: 'r-1' }), refund({ id: 'r-2' })), next_cursor: 'two & 2' },
    'two & 2': { ...list(refund({ id: 'r-2' }), refund({ id: 'r-3' })), next_cursor: 'three' },
    three: list(refund({ id: 'r-4' })),
  };
  const { access, provider } = await openShop(({ path }) => {
    if (path.startsWith('/v3/payments/')) return { body: payment() };
    return { body: pages[new URL(path, 'http://x').searchParams.get('cursor') ?? 'first'] };
  });
  const look = await yookassa.readPayment(access, PAYMENT_ID);
  const ids = look.kind === 'found' ? look.value.refunds.map(({ providerRefundId }) => providerRefundId) : [];
  expect(ids).toEqual(['r-1', 'r-2', 'r-3', 'r-4']);
  expect(provider.requests.map(({ path }) => path)).toContain(
    `/v3/refunds?payment_id=${PAYMENT_ID}&limit=100&cursor=two+%26+2`,
  );
});

test('cursors that never end are given up', async () => {
  const endless = { body: { ...list(refund()), next_cursor: 'again' } };
  expect(await read({ refunds: endless })).toMatchObject({ kind: 'unavailable' });
});

test.each(['', '../me', 'a/b', 'a?b', '..', 'a b', 'x'.repeat(65), 'ключ'])(
  'the id %j exists nowhere, and nobody is asked',
  async (id) => {
    const { access, provider } = await openShop(() => ({ body: payment() }));
    expect(await yookassa.readPayment(access, id)).toEqual({ kind: 'absent' });
    expect(await yookassa.readRefund(access, knownRefund(id))).toEqual({ kind: 'absent' });
    expect(provider.requests).toHaveLength(0);
  },
);

test('one refund', async () => {
  const { access } = await openShop(() => ({ body: refund({ status: 'pending' }) }));
  expect(await yookassa.readRefund(access, knownRefund(REFUND_ID))).toMatchObject({
    kind: 'found',
    value: { status: 'PENDING' },
  });
});

test.each<[string, Script, object]>([
  ['404', { status: 404, body: wireError({ code: 'not_found' }) }, { kind: 'absent' }],
  ["a proxy's 404", { status: 404, body: '<html>Not Found</html>' }, { kind: 'unavailable' }],
  ['400', { status: 400, body: wireError() }, { kind: 'unavailable' }],
  ['500', { status: 500 }, { kind: 'unavailable', failure: { code: 'PROVIDER_UNAVAILABLE' } }],
  ['another refund', { body: refund({ id: PAYMENT_ID }) }, { kind: 'unavailable' }],
])('one refund, answered by %s', async (_name, script, expected) => {
  const { access } = await openShop(() => script);
  expect(await yookassa.readRefund(access, knownRefund(REFUND_ID))).toMatchObject(expected);
});

test('a page of refunds by time: dotted filter names, the largest page, the next cursor', async () => {
  const { access, provider } = await openShop(() => ({ body: { ...list(refund()), next_cursor: 'next' } }));
  const createdFrom = new Date('2026-11-01T00:00:00Z');
  expect(await yookassa.listRefunds(access, { createdFrom, cursor: 'c' })).toMatchObject({
    kind: 'found',
    value: { refunds: [{ providerRefundId: REFUND_ID }], nextCursor: 'next' },
  });
  expect(provider.requests[0]?.path).toBe(
    '/v3/refunds?created_at.gte=2026-11-01T00%3A00%3A00.000Z&limit=100&cursor=c',
  );
});
