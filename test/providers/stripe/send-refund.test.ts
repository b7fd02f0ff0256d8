import { describe, expect, test } from 'vitest';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  coded,
  KEY,
  missing,
  openAccount,
  order,
  OTHER_PAYMENT_ID,
  page,
  refund,
  REFUND_ID,
  scriptOf,
  type State,
  wireError,
} from './account.ts';

async function send(answer: Script, state: State = {}, mayStillSend = () => true) {
  const { access, provider } = await openAccount(scriptOf(answer, state));
  const sent = { ...order, sends: 0 };
  const outcome = await stripe.sendRefund(access, stripe.buildRefund(order), sent, mayStillSend);
  return { outcome, provider };
}

const OTHER_KEY = 'f'.repeat(40);
const ours = (more: object = {}): object => refund({ metadata: { order_id: KEY }, ...more });
const typed = (type: string, status = 400, more: object = {}): Script => ({
  status,
  body: wireError({ type, ...more }),
});

test('the stored bytes are sent, with the key of the account added', async () => {
  const { provider } = await send({ body: ours() });
  expect(provider.requests).toMatchObject([
    {
      method: 'POST',
      path: '/v1/refunds',
      body: stripe.buildRefund(order).body,
      headers: {
        authorization: 'Bearer sk_test_SimStripeDemo000000000001',
        'content-type': 'application/x-www-form-urlencoded',
        'stripe-version': '2026-10-28.endive',
        'idempotency-key': KEY,
      },
    },
  ]);
});

describe('accepted', () => {
  test.each([
    ['pending', 'PENDING'],
    ['requires_action', 'PENDING'],
    ['succeeded', 'SUCCEEDED'],
    ['failed', 'FAILED'],
    ['canceled', 'CANCELED'],
    ['on_holiday', 'UNRECOGNISED'],
  ])('a 200 with status %s, as %s', async (rawStatus, status) => {
    const { outcome, provider } = await send({
      body: ours({ status: rawStatus }),
      headers: { 'request-id': 'req_Sim1', 'idempotent-replayed': 'true' },
    });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { providerRefundId: REFUND_ID, status, rawStatus, ourReference: KEY },
      evidence: { httpStatus: 200, requestId: 'req_Sim1', replayed: true },
    });
    expect(provider.requests).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['no metadata', { metadata: {} }],
    ["somebody's order number", { metadata: { order_id: 'order-17' } }],
  ])('an answer with %s is ours by the key', async (_name, more) => {
    expect((await send({ body: refund(more) })).outcome.kind).toBe('accepted');
  });

  test("another amount or currency than asked for is the provider's fact, not decided here", async () => {
    const { outcome } = await send({ body: ours({ amount: 39900, currency: 'usd' }) });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { amount: { minor: 39900n, currency: 'USD' } },
    });
  });

  test.each(['charge_already_refunded', 'payment_intent_unexpected_state', undefined])(
    'refused with the code %s, and yet a refund with our reference is there',
    async (code) => {
      const there = { body: page([refund(), ours({ id: 're_ours', status: 'pending' })]) };
      const { outcome } = await send({ status: 400, body: wireError({ code }) }, { refunds: there });
      expect(outcome).toMatchObject({
        kind: 'accepted',
        refund: { providerRefundId: 're_ours', status: 'PENDING' },
      });
    },
  );
});

describe('unknown, neither repeated nor explained by reading', () => {
  test.each<[string, Script]>([
    ['a 200 that is no JSON', { body: '<html>OK</html>' }],
    ['a 200 cut in the middle', { body: JSON.stringify(ours()).slice(0, 60) }],
    ['a 200 without an id', { body: ours({ id: undefined }) }],
    ['a 200 with an amount that cannot be read', { body: ours({ amount: '40000' }) }],
    ['a 200 with an amount of a currency without decimals', { body: ours({ currency: 'iqd' }) }],
    ['a 200 of another payment', { body: ours({ payment_intent: OTHER_PAYMENT_ID }) }],
    ['a 200 of a charge without a payment intent', { body: ours({ payment_intent: null }) }],
    ["a 200 with another's reference", { body: ours({ metadata: { order_id: OTHER_KEY } }) }],
    ['a 200 with an error', { body: wireError() }],
    ['a 302', { status: 302, headers: { location: '/elsewhere' } }],
    ['an earlier send of the key that still runs', coded('idempotency_key_in_use', 409)],
    ['the same as a 400', coded('idempotency_key_in_use')],
    ['the same by its type', coded('idempotency_key_in_use', 400, { type: 'idempotency_error' })],
    ['a 409 of that type', typed('idempotency_error', 409)],
    ['any other 409', { status: 409, body: wireError() }],
    ['a 408', { status: 408, body: wireError() }],
    ['a 425', { status: 425, body: wireError() }],
    ['a 400 with HTML', { status: 400, body: '<html>Bad Request</html>' }],
    ['a 404 with HTML', { status: 404, body: '<html>Not Found</html>' }],
    ['a 400 without a body', { status: 400, body: '' }],
    ['a 400 with an error of another API', { status: 400, body: { error: 'bad' } }],
    ['a 400 without a type', { status: 400, body: wireError({ type: undefined, code: 'charge_disputed' }) }],
    ['a 400 of a type that is not known', typed('weather_error')],
    ['a 400 api_error', typed('api_error')],
    ['a 429 api_error', typed('api_error', 429)],
    ['a 429 without an error of theirs', { status: 429, body: '<html>', headers: { 'retry-after': '3' } }],
    ['a 401 without a body', { status: 401, body: '' }],
    ['a 403 of something in between', { status: 403, body: '<html>Forbidden</html>' }],
    ['a 500', typed('api_error', 500)],
    ['a 500 with a code', { status: 500, body: wireError({ code: 'charge_already_refunded' }) }],
    ['a 502', { status: 502, body: '<html>' }],
    ['no answer', 'drop'],
  ])('%s', async (_name, answer) => {
    const { outcome, provider } = await send(answer);
    expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME', retry: 'WAIT' } });
    expect(outcome).not.toHaveProperty('isKeyConflict');
    expect(provider.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  test('a key that is known with other data may never be sent again', async () => {
    const { outcome, provider } = await send(typed('idempotency_error'));
    expect(outcome).toMatchObject({
      kind: 'unknown',
      isKeyConflict: true,
      failure: { code: 'UNKNOWN_OUTCOME', retry: 'ASK_A_HUMAN' },
    });
    expect(provider.requests).toHaveLength(1);
  });
});

describe('deferred: certainly not executed', () => {
  test.each<[string, Script, string, number | null]>([
    ['a 429', coded('rate_limit', 429), 'RATE_LIMITED', null],
    ['the old type of it', typed('rate_limit_error', 429), 'RATE_LIMITED', null],
    ['rate_limit as a 400', coded('rate_limit'), 'RATE_LIMITED', null],
    [
      'a 429 that says when',
      { status: 429, body: wireError({ code: 'rate_limit' }), headers: { 'retry-after': '7' } },
      'RATE_LIMITED',
      7_000,
    ],
    [
      'a 429 that says never',
      { status: 429, body: wireError(), headers: { 'retry-after': '999999999' } },
      'RATE_LIMITED',
      3_600_000,
    ],
    ['a lock', coded('lock_timeout', 429), 'ANOTHER_OPERATION_IN_PROGRESS', null],
    ['a lock as a 400', coded('lock_timeout'), 'ANOTHER_OPERATION_IN_PROGRESS', null],
    ['a 401', { status: 401, body: wireError() }, 'AUTHENTICATION_FAILED', null],
    ['a 403', coded('account_invalid', 403), 'AUTHENTICATION_FAILED', null],
    ['an expired key', coded('api_key_expired'), 'AUTHENTICATION_FAILED', null],
    ["an expired platform's key", coded('platform_api_key_expired'), 'AUTHENTICATION_FAILED', null],
    ['a publishable key', coded('secret_key_required'), 'AUTHENTICATION_FAILED', null],
  ])('%s', async (_name, answer, code, retryAfterMs) => {
    const { outcome, provider } = await send(answer);
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code }, retryAfterMs });
    expect(provider.requests).toHaveLength(1);
  });

  test('a refusal after which the key may not even read', async () => {
    const denied: Script = { status: 401, body: wireError() };
    const { outcome } = await send(coded('resource_missing', 404), { payment: denied, refunds: denied });
    expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'AUTHENTICATION_FAILED' } });
  });
});

describe('refused', () => {
  test.each<[string, Script, State, string]>([
    [
      'no such payment',
      missing('payment_intent'),
      { payment: missing(), refunds: missing() },
      'PAYMENT_NOT_FOUND',
    ],
    ['a dispute', coded('charge_disputed'), {}, 'PAYMENT_NOT_REFUNDABLE'],
    [
      'more than is left, for which there is no code',
      { status: 400, body: wireError({ param: 'amount' }) },
      { refunds: { body: page([refund({ amount: 120000 })]) } },
      'AMOUNT_EXCEEDS_REFUNDABLE',
    ],
    [
      'a failed request with a code',
      { status: 402, body: wireError({ type: 'card_error', code: 'card_declined' }) },
      {},
      'PROVIDER_REJECTED',
    ],
  ])('%s', async (_name, answer, state, code) => {
    const { outcome, provider } = await send(answer, state);
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code } });
    expect(provider.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  test("keeps what people may see of Stripe's words, and no more", async () => {
    const message = `no\u0000 ${'x'.repeat(600)}`;
    const { outcome } = await send({
      status: 400,
      body: wireError({ code: 'charge_disputed', message, param: 'payment_intent' }),
      headers: { 'request-id': 'req_<script>' },
    });
    expect(outcome.evidence).toEqual({
      httpStatus: 400,
      errorType: 'invalid_request_error',
      errorCode: 'charge_disputed',
      errorParameter: 'payment_intent',
      errorMessage: `no  ${'x'.repeat(196)}`,
    });
  });
});

describe('not sent', () => {
  test('what may not be sent any more', async () => {
    const { outcome, provider } = await send({ body: ours() }, {}, () => false);
    expect(outcome).toMatchObject({ kind: 'not-sent', failure: { code: 'PROVIDER_UNAVAILABLE' } });
    expect(provider.requests).toEqual([]);
  });

  test('what nobody listens to', async () => {
    const { access, provider } = await openAccount(() => ({}));
    await provider.close();
    const request = stripe.buildRefund(order);
    const outcome = await stripe.sendRefund(access, request, order, () => true);
    expect(outcome).toMatchObject({ kind: 'not-sent', evidence: { transport: 'ECONNREFUSED' } });
  });
});

test('of a refused key nothing is kept that Stripe says about it', async () => {
  const message = 'Invalid API Key provided: sk_test_***0001';
  const { outcome } = await send({ status: 401, body: wireError({ message }) });
  expect(outcome.evidence).toEqual({ httpStatus: 401, errorType: 'invalid_request_error' });
});
