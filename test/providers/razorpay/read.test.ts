import { knownRefund } from '../known-refund.ts';
import { expect, test } from 'vitest';
import { razorpay } from '../../../src/providers/razorpay/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  list,
  merchant,
  noSuchId,
  numbered,
  openAccount,
  OTHER_PAYMENT_ID,
  partner,
  payment,
  PAYMENT_ID,
  refund,
  REFUND_ID,
  said,
  scriptOf,
  type State,
  unix,
  wireError,
} from './account.ts';

async function read(state: State, credentials = partner) {
  const { access } = await openAccount(scriptOf({}, state), credentials);
  return razorpay.readPayment(access, PAYMENT_ID);
}

test('a payment with all facts and its refunds', async () => {
  const { access, provider } = await openAccount(
    scriptOf(
      {},
      { payment: { body: payment({ amount_refunded: 40000 }) }, refunds: { body: list(refund()) } },
    ),
  );
  const look = await razorpay.readPayment(access, PAYMENT_ID);
  expect(look).toMatchObject({ kind: 'found', value: { refunds: [{ providerRefundId: REFUND_ID }] } });
  expect(look.kind === 'found' && look.value.payment).toEqual({
    providerPaymentId: PAYMENT_ID,
    orderReference: 'order_SimOrder000001',
    state: 'CAPTURED',
    rawStatus: 'captured',
    amount: { minor: 150000n, currency: 'MYR' },
    capturedMinor: 150000n,
    refundedMinor: 40000n,
    refundableByProvider: true,
    method: 'fpx',
    createdAt: new Date('2026-11-20T09:15:04Z'),
    capturedAt: null,
    holdExpiresAt: null,
    refundWindowClosesAt: new Date('2027-05-20T09:15:04Z'),
    sources: [],
    handles: {},
    wholeOnly: false,
    items: [],
  });
  expect(provider.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
    `GET /v1/payments/${PAYMENT_ID}`,
    `GET /v1/payments/${PAYMENT_ID}/refunds?count=100&skip=0`,
  ]);
  for (const { headers } of provider.requests)
    expect(headers).toMatchObject({
      authorization: 'Basic UGFydG5lckNsaWVudDAxOnMzY3IzdC1QYXJ0L25lcg==',
      'x-razorpay-account': 'acc_SimSub00000001',
    });
});

test.each([
  ['created', { captured: false }, 'PENDING', 0n],
  ['authorized', { captured: false }, 'AUTHORIZED', 0n],
  ['captured', { captured: true }, 'CAPTURED', 150000n],
  ['captured', { captured: undefined }, 'CAPTURED', 150000n],
  ['refunded', { captured: true }, 'CAPTURED', 150000n],
  ['refunded', { captured: false }, 'CANCELED', 0n],
  ['failed', { captured: false }, 'FAILED', 0n],
  ['of_tomorrow', { captured: false }, 'PENDING', 0n],
  ['of_tomorrow', { captured: true }, 'PENDING', 150000n],
])('a payment that is %s with %j is %s', async (rawStatus, more, state, capturedMinor) => {
  const look = await read({ payment: { body: payment({ status: rawStatus, ...more }) } });
  const refundableByProvider = state === 'CAPTURED';
  expect(look).toMatchObject({
    value: { payment: { state, rawStatus, capturedMinor, refundableByProvider } },
  });
});

test.each(['refunded', 'authorized'])(
  'what returns a payment that was never captured (%s) is a release, not a refund',
  async (status) => {
    const more = { status, captured: false, amount_refunded: 150000, refund_status: 'full' };
    const look = await read({
      payment: { body: payment(more) },
      refunds: { body: list(refund({ amount: 150000 })) },
    });
    expect(look).toMatchObject({
      kind: 'found',
      value: { payment: { capturedMinor: 0n, refundedMinor: 0n }, refunds: [] },
    });
  },
);

/** Refunds of a payment of 1500.00 MYR, the provider's own sum, and what is believed, in minor units. */
test.each<[string, object[], number | null, bigint]>([
  ['no refunds', [], 0, 0n],
  ['no sum', [numbered(1)], null, 40000n],
  ['a sum of succeeded ones', [numbered(1), numbered(2, { status: 'pending' })], 40000, 40000n],
  ['a sum that counts pending ones', [numbered(1), numbered(2, { status: 'pending' })], 80000, 40000n],
  ['a sum that counts one of an unknown status', [numbered(1, { status: 'asleep' })], 40000, 0n],
  ['a sum that the list does not explain', [numbered(1)], 80000, 80000n],
  ['a sum that lags behind the list', [numbered(1)], 0, 40000n],
  ['a failed refund that is given back', [numbered(1, { status: 'failed' })], 0, 0n],
  ['a failed refund that is not given back yet', [numbered(1, { status: 'failed' })], 40000, 40000n],
])('with %s, what is refunded is told safely', async (_name, refunds, amountRefunded, refundedMinor) => {
  const look = await read({
    payment: { body: payment({ amount_refunded: amountRefunded }) },
    refunds: { body: list(...refunds) },
  });
  expect(look).toMatchObject({ kind: 'found', value: { payment: { refundedMinor } } });
});

test('a refund that failed is explained by the age of its payment', async () => {
  const look = await read({
    payment: { body: payment({ created_at: unix('2026-05-01T00:00:00Z') }) },
    refunds: { body: list(refund({ status: 'failed' })) },
  });
  expect(look).toMatchObject({ value: { refunds: [{ failure: { code: 'REFUND_WINDOW_EXPIRED' } }] } });
});

test.each([
  ['unknown', noSuchId],
  ['malformed', said('pay_x is not a valid id')],
])('an id that is %s to Razorpay is absent', async (_name, script) => {
  expect(await read({ payment: script, refunds: script })).toEqual({ kind: 'absent' });
});

test.each<[string, Script, string]>([
  ['401', said('Authentication failed', 401), 'AUTHENTICATION_FAILED'],
  ['403', { status: 403, body: '' }, 'AUTHENTICATION_FAILED'],
  ['an address that is not allowed', said('Access Denied'), 'AUTHENTICATION_FAILED'],
  ['429', { status: 429, body: 'slow down' }, 'RATE_LIMITED'],
  ['500', { status: 500, body: wireError({ code: 'SERVER_ERROR' }) }, 'PROVIDER_UNAVAILABLE'],
  ['500 that says absent', said('The id provided does not exist', 500), 'PROVIDER_UNAVAILABLE'],
  ['302', { status: 302 }, 'PROVIDER_UNAVAILABLE'],
  [
    "the gateway's 404",
    { status: 404, body: { message: 'no Route matched with those values' } },
    'PROVIDER_UNAVAILABLE',
  ],
  ["a proxy's 400", { status: 400, body: '<html>' }, 'PROVIDER_UNAVAILABLE'],
  ['a wrong path', said('The requested URL was not found on the server.'), 'PROVIDER_UNAVAILABLE'],
  ['a wrong field', { status: 400, body: wireError({ field: 'count' }) }, 'PROVIDER_UNAVAILABLE'],
  ['HTML', { body: '<html>' }, 'PROVIDER_UNAVAILABLE'],
  ['another payment', { body: payment({ id: OTHER_PAYMENT_ID }) }, 'PROVIDER_UNAVAILABLE'],
  ['an amount that cannot be read', { body: payment({ amount: '150000' }) }, 'PROVIDER_UNAVAILABLE'],
  ['an amount that JSON rounds', { body: payment({ amount: 2 ** 53 }) }, 'PROVIDER_UNAVAILABLE'],
  ['a currency that is not known', { body: payment({ currency: 'XYZ' }) }, 'PROVIDER_UNAVAILABLE'],
  ['captured, and not captured', { body: payment({ captured: false }) }, 'PROVIDER_UNAVAILABLE'],
  [
    'returned, perhaps captured',
    { body: payment({ status: 'refunded', captured: null }) },
    'PROVIDER_UNAVAILABLE',
  ],
  ['a broken connection', 'drop', 'PROVIDER_UNAVAILABLE'],
])('%s leaves the payment unavailable', async (_name, script, code) => {
  expect(await read({ payment: script })).toMatchObject({ kind: 'unavailable', failure: { code } });
});

test('what else a partner is told about a right GET is about an account that is not linked', async () => {
  const state = { payment: said('Some words about the account') };
  expect(await read(state, partner)).toMatchObject({ failure: { code: 'AUTHENTICATION_FAILED' } });
  expect(await read(state, merchant)).toMatchObject({ failure: { code: 'PROVIDER_UNAVAILABLE' } });
});

test.each<[string, Script]>([
  ['an error', said('anything')],
  ['a refund that cannot be read', { body: list(numbered(1), numbered(2, { amount: 1.5 })) }],
  ['a refund of another payment', { body: list(refund({ payment_id: OTHER_PAYMENT_ID })) }],
  ['no items', { body: { entity: 'collection', count: 0 } }],
])('a list of refunds with %s leaves the payment unavailable', async (_name, script) => {
  expect(await read({ refunds: script })).toMatchObject({ kind: 'unavailable' });
});

test('the refunds of a payment are followed through all pages, each counted once', async () => {
  // The offsets have shifted by one between the pages.
  const numbers = Array.from({ length: 150 }, (_, index) => index + 1);
  const pages: Record<string, object[]> = {
    '0': numbers.slice(0, 100).map((number) => numbered(number, { amount: 100 })),
    '100': numbers.slice(99).map((number) => numbered(number, { amount: 100 })),
  };
  const { access, provider } = await openAccount(({ path }) => {
    if (!path.includes('/refunds')) return { body: payment() };
    return { body: list(...(pages[new URL(path, 'http://x').searchParams.get('skip') ?? ''] ?? [])) };
  });
  const look = await razorpay.readPayment(access, PAYMENT_ID);
  expect(look).toMatchObject({ kind: 'found', value: { payment: { refundedMinor: 15000n } } });
  expect(look.kind === 'found' && look.value.refunds).toHaveLength(150);
  expect(provider.requests.filter(({ path }) => path.includes('/refunds')).map(({ path }) => path)).toEqual([
    `/v1/payments/${PAYMENT_ID}/refunds?count=100&skip=0`,
    `/v1/payments/${PAYMENT_ID}/refunds?count=100&skip=100`,
  ]);
});

test('a list that ignores the offset is given up', async () => {
  const full = list(...Array.from({ length: 100 }, (_, index) => numbered(index)));
  expect(await read({ refunds: { body: full } })).toMatchObject({
    kind: 'unavailable',
    failure: { retry: 'ASK_A_HUMAN' },
  });
});

test.each([
  '',
  '../me',
  'a/b',
  '..',
  'pay_',
  'pay_SimPayment00',
  'pay_SimPayment0001x',
  'pay_SimPayment000?',
  'rfnd_SimRefund0001/',
  'rfnd_../../../../..',
  'order_SimOrder000001',
  `${PAYMENT_ID}\n`,
  `${REFUND_ID}\n`,
])('the id %j exists nowhere, and nobody is asked', async (id) => {
  const { access, provider } = await openAccount(() => ({ body: payment() }));
  expect(await razorpay.readPayment(access, id)).toEqual({ kind: 'absent' });
  expect(await razorpay.readRefund(access, knownRefund(id))).toEqual({ kind: 'absent' });
  expect(await razorpay.listRefunds(access, { providerPaymentId: id })).toEqual({ kind: 'absent' });
  expect(provider.requests).toHaveLength(0);
});

test.each<[string, Script, object]>([
  ['itself', { body: refund({ status: 'pending' }) }, { kind: 'found', value: { status: 'PENDING' } }],
  ['"there is none"', noSuchId, { kind: 'absent' }],
  ["the gateway's 404", { status: 404, body: { message: 'no Route' } }, { kind: 'unavailable' }],
  ['500', { status: 500 }, { kind: 'unavailable', failure: { code: 'PROVIDER_UNAVAILABLE' } }],
  ['another refund', { body: numbered(7) }, { kind: 'unavailable' }],
])('one refund, answered by %s', async (_name, script, expected) => {
  const { access, provider } = await openAccount(() => script);
  expect(await razorpay.readRefund(access, knownRefund(REFUND_ID))).toMatchObject(expected);
  expect(provider.requests[0]?.path).toBe(`/v1/refunds/${REFUND_ID}`);
});

test.each<[string, Script, string]>([
  ['old', { body: payment({ created_at: unix('2026-05-21T10:00:30Z') }) }, 'REFUND_WINDOW_EXPIRED'],
  ['young', { body: payment() }, 'PROVIDER_REJECTED'],
  ['not readable now', { status: 500 }, 'PROVIDER_REJECTED'],
])('one refund that failed, of a payment that is %s', async (_name, paymentScript, code) => {
  const { access } = await openAccount(({ path }) =>
    path.includes('/payments/') ? paymentScript : { body: refund({ status: 'failed' }) },
  );
  expect(await razorpay.readRefund(access, knownRefund(REFUND_ID))).toMatchObject({
    value: { status: 'FAILED', failure: { code } },
  });
});
