import { describe, expect, test } from 'vitest';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { knownRefund } from '../known-refund.ts';
import {
  charge,
  coded,
  missing,
  numbered,
  openAccount,
  page,
  payment,
  PAYMENT_ID,
  OTHER_PAYMENT_ID,
  refund,
  REFUND_ID,
  scriptOf,
  type State,
  unix,
  wireError,
} from './account.ts';

async function see(state: State, id = PAYMENT_ID) {
  const { access, provider } = await openAccount(scriptOf({}, state));
  return { look: await stripe.readPayment(access, id), provider };
}

async function facts(more: object, refunds: readonly object[] = []) {
  const { look } = await see({ payment: { body: payment(more) }, refunds: { body: page(refunds) } });
  if (look.kind !== 'found') throw new Error(JSON.stringify(look));
  return look.value;
}

test('a captured payment with its refunds, by two requests', async () => {
  const { look, provider } = await see({ refunds: { body: page([refund()]) } });
  expect(look).toMatchObject({
    kind: 'found',
    value: {
      payment: {
        providerPaymentId: PAYMENT_ID,
        handles: {},
        orderReference: 'order-17',
        state: 'CAPTURED',
        rawStatus: 'succeeded',
        amount: { minor: 150000n, currency: 'EUR' },
        capturedMinor: 150000n,
        refundedMinor: 40000n,
        refundableByProvider: true,
        wholeOnly: false,
        method: 'card',
        createdAt: new Date('2026-11-20T09:15:04Z'),
        capturedAt: null,
        holdExpiresAt: null,
        refundWindowClosesAt: null,
        sources: [],
        items: [],
      },
      refunds: [{ providerRefundId: REFUND_ID, status: 'SUCCEEDED' }],
    },
  });
  expect(provider.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
    `GET /v1/payment_intents/${PAYMENT_ID}?expand%5B%5D=latest_charge`,
    `GET /v1/refunds?payment_intent=${PAYMENT_ID}&limit=100`,
  ]);
  for (const { headers } of provider.requests)
    expect(headers).toMatchObject({
      authorization: 'Bearer sk_test_SimStripeDemo000000000001',
      'stripe-version': '2026-10-28.endive',
    });
});

describe('the state', () => {
  test.each([
    ['requires_capture', 'AUTHORIZED'],
    ['succeeded', 'CAPTURED'],
    ['canceled', 'CANCELED'],
    ['processing', 'PENDING'],
    ['requires_action', 'PENDING'],
    ['requires_confirmation', 'PENDING'],
    ['requires_payment_method', 'PENDING'],
    ['under_review', 'PENDING'],
    ['constructor', 'PENDING'],
  ])('%s is %s', async (status, state) => {
    const { payment: read } = await facts({ status });
    expect(read).toMatchObject({ state, rawStatus: status, refundableByProvider: state === 'CAPTURED' });
    expect(read.capturedMinor).toBe(state === 'CAPTURED' ? 150000n : 0n);
  });
});

test('what was captured is what was received, not what was asked for', async () => {
  expect((await facts({ amount_received: 60000 })).payment).toMatchObject({
    amount: { minor: 150000n },
    capturedMinor: 60000n,
  });
});

test('what was returned is the sum of succeeded refunds, whatever the charge says', async () => {
  const refunds = [
    numbered(1, { amount: 1 }),
    numbered(2, { amount: 20, status: 'pending' }),
    numbered(3, { amount: 300, status: 'failed' }),
    numbered(4, { amount: 4000, status: 'canceled' }),
    numbered(5, { amount: 50000 }),
  ];
  const read = await facts({ latest_charge: charge({ amount_refunded: 54321 }) }, refunds);
  expect(read.payment.refundedMinor).toBe(50001n);
  expect(read.refunds).toHaveLength(5);
});

test('the release of a hold is no refund', async () => {
  const expired = numbered(1, { reason: 'expired_uncaptured_charge', amount: 90000 });
  expect(await facts({ amount_received: 60000 }, [expired, numbered(2)])).toMatchObject({
    payment: { refundedMinor: 40000n },
    refunds: [{ providerRefundId: 're_00000000000002' }],
  });
  expect(
    await facts({ status: 'canceled', amount_received: 0 }, [numbered(1, { amount: 150000 })]),
  ).toMatchObject({
    payment: { state: 'CANCELED', refundedMinor: 0n },
    refunds: [],
  });
});

test.each<[string, unknown, boolean]>([
  ['disputed', charge({ disputed: true }), false],
  ['not disputed', charge(), true],
  ['not shown', 'ch_3SimPayment000000000001', true],
])('a payment whose charge is %s', async (_name, latestCharge, isRefundable) => {
  const read = await facts({ latest_charge: latestCharge });
  expect(read.payment.refundableByProvider).toBe(isRefundable);
});

test('a hold says when it ends, and a captured payment does not', async () => {
  const card = { capture_before: unix('2026-11-27T09:15:04Z') };
  const latestCharge = charge({ payment_method_details: { type: 'card', card } });
  const held = await facts({ status: 'requires_capture', amount_received: 0, latest_charge: latestCharge });
  expect(held.payment.holdExpiresAt).toEqual(new Date('2026-11-27T09:15:04Z'));
  expect((await facts({ latest_charge: latestCharge })).payment.holdExpiresAt).toBeNull();
});

test.each<[string, object, string | null]>([
  ['by the charge', {}, 'card'],
  ['by the only way to pay', { latest_charge: null, payment_method_types: ['sepa_debit'] }, 'sepa_debit'],
  ['not of several ways', { latest_charge: null }, null],
])('the method is known %s', async (_name, more, method) => {
  expect((await facts(more)).payment.method).toBe(method);
});

test('the order reference of the payment details comes before the one in its metadata', async () => {
  const details = { payment_details: { order_reference: 'PO-9', customer_reference: null } };
  expect((await facts(details)).payment.orderReference).toBe('PO-9');
  expect((await facts({ metadata: {} })).payment.orderReference).toBeNull();
});

test('currencies are counted in minor units of ISO 4217', async () => {
  const isk = numbered(1, { amount: 100000, currency: 'isk' });
  const read = await facts({ amount: 500000, amount_received: 500000, currency: 'isk' }, [isk]);
  expect(read).toMatchObject({
    payment: { amount: { minor: 5000n, currency: 'ISK' }, capturedMinor: 5000n, refundedMinor: 1000n },
    refunds: [{ amount: { minor: 1000n, currency: 'ISK' } }],
  });
});

test('all pages are read, each behind the last refund of the one before, and one that comes twice counts once', async () => {
  const all = Array.from({ length: 250 }, (_, index) => numbered(index, { amount: 1 }));
  const { access, provider } = await openAccount(({ path }) => {
    if (!path.startsWith('/v1/refunds?')) return { body: payment() };
    const after = new URL(path, 'http://x').searchParams.get('starting_after');
    const from = after === null ? 0 : Number(after.slice(3)) + 1;
    // The second page begins once more with the last refund of the first.
    const data = all.slice(Math.max(0, from - (from === 100 ? 1 : 0)), from + 100);
    return { body: page(data, from + 100 < all.length) };
  });
  const look = await stripe.readPayment(access, PAYMENT_ID);
  expect(look).toMatchObject({ kind: 'found', value: { payment: { refundedMinor: 250n } } });
  const lists = provider.requests.filter(({ path }) => path.startsWith('/v1/refunds?'));
  expect(lists.map(({ path }) => new URL(path, 'http://x').searchParams.get('starting_after'))).toEqual([
    null,
    're_00000000000099',
    're_00000000000199',
  ]);
});

test('a list without an end makes the payment unavailable', async () => {
  const { access, provider } = await openAccount(({ path }) =>
    path.startsWith('/v1/refunds?') ? { body: page([refund()], true) } : { body: payment() },
  );
  expect(await stripe.readPayment(access, PAYMENT_ID)).toMatchObject({
    kind: 'unavailable',
    failure: { code: 'PROVIDER_UNAVAILABLE', retry: 'ASK_A_HUMAN' },
  });
  expect(provider.requests).toHaveLength(51);
});

test('a payment that is not there', async () => {
  expect((await see({ payment: missing('intent'), refunds: missing('payment_intent') })).look).toEqual({
    kind: 'absent',
  });
});

test.each(['ch_3SimPayment000000000001', 'pi_', '', 'pi_1/2', 'pi_..', `${PAYMENT_ID}\n`, 'pi_1?x'])(
  'the id %j exists nowhere and is never asked for',
  async (id) => {
    const { look, provider } = await see({}, id);
    expect(look).toEqual({ kind: 'absent' });
    expect(provider.requests).toEqual([]);
  },
);

describe('unavailable rather than wrong', () => {
  const body = (more: object): Script => ({ body: payment(more) });
  const listed = (...refunds: object[]): Script => ({ body: page(refunds) });
  const denied: Script = { status: 401, body: wireError() };
  test.each<[string, State, string]>([
    ['no JSON', { payment: { body: 'ok' } }, 'PROVIDER_UNAVAILABLE'],
    ['another payment', { payment: body({ id: OTHER_PAYMENT_ID }) }, 'PROVIDER_UNAVAILABLE'],
    ['no amount received', { payment: body({ amount_received: undefined }) }, 'PROVIDER_UNAVAILABLE'],
    ['a fraction', { payment: body({ amount_received: 1.5 }) }, 'PROVIDER_UNAVAILABLE'],
    ['a currency without decimals', { payment: body({ currency: 'iqd' }) }, 'PROVIDER_UNAVAILABLE'],
    ['fractions of a krona', { payment: body({ currency: 'isk', amount: 4010 }) }, 'PROVIDER_UNAVAILABLE'],
    ['no time', { payment: body({ created: null }) }, 'PROVIDER_UNAVAILABLE'],
    ['a proxy that says 404', { payment: { status: 404, body: '<html>' } }, 'PROVIDER_UNAVAILABLE'],
    ['a 404 of something else', { payment: { status: 404, body: wireError() } }, 'PROVIDER_UNAVAILABLE'],
    ['a 400 of something missing', { payment: coded('resource_missing', 400) }, 'PROVIDER_UNAVAILABLE'],
    ['a 500', { payment: { status: 500, body: '' } }, 'PROVIDER_UNAVAILABLE'],
    ['a refused key', { payment: denied, refunds: denied }, 'AUTHENTICATION_FAILED'],
    [
      'a key without the right to list',
      { refunds: { status: 403, body: wireError() } },
      'AUTHENTICATION_FAILED',
    ],
    ['a 401 of a proxy', { payment: { status: 401, body: '' } }, 'PROVIDER_UNAVAILABLE'],
    ['a 429', { payment: { status: 429, body: wireError({ code: 'rate_limit' }) } }, 'RATE_LIMITED'],
    ['a list that does not know the payment', { refunds: missing('payment_intent') }, 'PROVIDER_UNAVAILABLE'],
    [
      'a refund of another payment',
      { refunds: listed(refund({ payment_intent: OTHER_PAYMENT_ID })) },
      'PROVIDER_UNAVAILABLE',
    ],
    ['a refund of no payment', { refunds: listed(refund({ payment_intent: null })) }, 'PROVIDER_UNAVAILABLE'],
    [
      'a refund without an amount',
      { refunds: listed(refund(), numbered(2, { amount: null })) },
      'PROVIDER_UNAVAILABLE',
    ],
    [
      'a refund in a currency without decimals',
      { refunds: listed(refund({ currency: 'iqd' })) },
      'PROVIDER_UNAVAILABLE',
    ],
    ['more after nothing', { refunds: { body: page([], true) } }, 'PROVIDER_UNAVAILABLE'],
    ['a list without an end mark', { refunds: { body: { data: [] } } }, 'PROVIDER_UNAVAILABLE'],
    ['a 404 about the cursor', { refunds: missing('starting_after') }, 'PROVIDER_UNAVAILABLE'],
  ])('%s', async (_name, state, code) => {
    expect((await see(state)).look).toMatchObject({ kind: 'unavailable', failure: { code } });
  });
});

describe('one refund', () => {
  const readOne = async (answer: Script, id = REFUND_ID) => {
    const { access, provider } = await openAccount(scriptOf({}, { refund: answer }));
    return { look: await stripe.readRefund(access, knownRefund(id)), provider };
  };

  test('is read by its id', async () => {
    const { look, provider } = await readOne({ body: refund({ status: 'pending' }) });
    expect(look).toMatchObject({ kind: 'found', value: { providerRefundId: REFUND_ID, status: 'PENDING' } });
    expect(provider.requests.map(({ path }) => path)).toEqual([`/v1/refunds/${REFUND_ID}`]);
  });

  test('may have another prefix than re_', async () => {
    const { look } = await readOne({ body: refund({ id: 'pyr_1Sim' }) }, 'pyr_1Sim');
    expect(look.kind).toBe('found');
  });

  test('that is not there is absent', async () => {
    expect((await readOne(missing())).look).toEqual({ kind: 'absent' });
  });

  test.each(['../charges?x=1', 're_', 're_1/2', ''])('%j never enters a URL', async (id) => {
    const { look, provider } = await readOne({ body: refund() }, id);
    expect(look).toEqual({ kind: 'absent' });
    expect(provider.requests).toEqual([]);
  });

  test.each<[string, Script]>([
    ['another refund', { body: refund({ id: 're_other' }) }],
    ['a refund of no payment intent', { body: refund({ payment_intent: null }) }],
    ['an expanded payment intent', { body: refund({ payment_intent: payment() }) }],
    ['a 404 of a proxy', { status: 404, body: 'not found' }],
  ])('%s is unavailable', async (_name, answer) => {
    expect((await readOne(answer)).look.kind).toBe('unavailable');
  });
});
