import { describe, expect, test } from 'vitest';
import { razorpay } from '../../../src/providers/razorpay/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  KEY,
  list,
  merchant,
  noSuchId,
  openAccount,
  order,
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

async function send(post: Script, state: State = {}, credentials = partner) {
  const { access, provider } = await openAccount(scriptOf(post, state), credentials);
  const outcome = await razorpay.sendRefund(access, razorpay.buildRefund(order), order, () => true);
  return { outcome, provider };
}

const OTHER_KEY = 'f'.repeat(40);
const ours = (more: object = {}): object => refund({ receipt: KEY, notes: { refund_id: KEY }, ...more });

test('the stored bytes are sent, with authentication and the account added', async () => {
  const { provider } = await send({ body: ours() });
  expect(provider.requests).toHaveLength(1);
  expect(provider.requests[0]).toMatchObject({
    method: 'POST',
    path: `/v1/payments/${PAYMENT_ID}/refund`,
    body: razorpay.buildRefund(order).body,
    headers: {
      authorization: 'Basic UGFydG5lckNsaWVudDAxOnMzY3IzdC1QYXJ0L25lcg==',
      'x-razorpay-account': 'acc_SimSub00000001',
      'content-type': 'application/json',
      'x-refund-idempotency': KEY,
    },
  });
});

test('a merchant sends no account', async () => {
  const { provider } = await send({ body: ours() }, {}, merchant);
  expect(provider.requests[0]?.headers).not.toHaveProperty('x-razorpay-account');
});

describe('accepted', () => {
  test.each([
    ['created', 'PENDING'],
    ['pending', 'PENDING'],
    ['processed', 'SUCCEEDED'],
    ['on_holiday', 'UNRECOGNISED'],
  ])('a 200 with status %s, as %s', async (rawStatus, status) => {
    const { outcome, provider } = await send({ body: ours({ status: rawStatus }) });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { providerRefundId: REFUND_ID, status, rawStatus, ourReference: KEY },
      evidence: { httpStatus: 200 },
    });
    expect(provider.requests).toHaveLength(1);
  });

  test('any other 2xx that can be read', async () => {
    const { outcome } = await send({ status: 201, body: ours() });
    expect(outcome).toMatchObject({ kind: 'accepted', evidence: { httpStatus: 201 } });
  });

  test('an answer without our reference', async () => {
    expect((await send({ body: refund() })).outcome.kind).toBe('accepted');
  });

  test('a refund that failed at once, explained by the age of its payment', async () => {
    const old = { body: payment({ created_at: unix('2026-05-01T00:00:00Z') }) };
    const { outcome } = await send({ body: ours({ status: 'failed' }) }, { payment: old });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { status: 'FAILED', failure: { code: 'REFUND_WINDOW_EXPIRED' } },
    });
  });

  test("another amount than asked for is the provider's fact, not decided here", async () => {
    const { outcome } = await send({ body: ours({ amount: 39900 }) });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      refund: { amount: { minor: 39900n, currency: 'MYR' } },
    });
  });

  test.each<[string, object]>([
    ['receipt', { receipt: KEY }],
    ['note', { notes: { refund_id: KEY } }],
  ])('refused, and yet a refund with our %s is there', async (_name, more) => {
    const there = { body: list(refund({ status: 'pending', ...more })) };
    for (const post of [said('The receipt has been used already'), said('anything'), noSuchId]) {
      const { outcome } = await send(post, { refunds: there });
      expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: 'PENDING', ourReference: KEY } });
    }
  });
});

describe('unknown, neither repeated nor explained by reading', () => {
  test.each<[string, Script]>([
    ['a 200 that is no JSON', { body: '<html>OK</html>' }],
    ['a 200 cut in the middle', { body: JSON.stringify(ours()).slice(0, 60) }],
    ['a 200 without an id', { body: ours({ id: undefined }) }],
    ['a 200 with an amount that cannot be read', { body: ours({ amount: '40000' }) }],
    ['a 200 of another payment', { body: ours({ payment_id: OTHER_PAYMENT_ID }) }],
    ["a 200 with another's receipt", { body: ours({ receipt: OTHER_KEY, notes: [] }) }],
    ['a 200 with an error', { body: wireError() }],
    ['a 204', { status: 204 }],
    ['a 302', { status: 302, headers: { location: '/elsewhere' } }],
    ['a 408', said('Request timeout', 408)],
    ['a key in progress', said('Another request with the same idempotency key is still in progress.', 409)],
    ['any other 409', said('anything', 409)],
    ['a 409 without a body', { status: 409, body: '' }],
    [
      'a key in progress as a 400',
      said('Another request with the same idempotency key is still in progress.'),
    ],
    ['a 400 with HTML', { status: 400, body: '<html>Bad Request</html>' }],
    ['a 404 with HTML', { status: 404, body: '<html>Not Found</html>' }],
    ['a 400 without a body', { status: 400, body: '' }],
    ["the gateway's 404", { status: 404, body: { message: 'no Route matched with those values' } }],
    ["the gateway's 401", { status: 401, body: { message: 'Unauthorized' } }],
    ['a 429 without an error of theirs', { status: 429, body: '<html>', headers: { 'retry-after': '3' } }],
    ['a 403 that says SERVER_ERROR', { status: 403, body: wireError({ code: 'SERVER_ERROR' }) }],
    ['a 401 without a body', { status: 401, body: '' }],
    ['a 403 of something in between', { status: 403, body: '<html>Forbidden</html>' }],
    ['a GATEWAY_ERROR, whatever the status', { status: 400, body: wireError({ code: 'GATEWAY_ERROR' }) }],
    ['a SERVER_ERROR, whatever the status', { status: 400, body: wireError({ code: 'SERVER_ERROR' }) }],
    ['a 500', { status: 500, body: wireError({ code: 'SERVER_ERROR' }) }],
    ['a 500 that says BAD_REQUEST_ERROR', said('Failed to fetch idempotency record', 500)],
    ['a 500 about credentials', said('Merchant id not found in authentication', 500)],
    ['a 502 with HTML', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a 503', { status: 503 }],
    ['a 504', { status: 504, body: '' }],
    ['a connection that breaks', 'drop'],
  ])('%s', async (_name, script) => {
    const { outcome, provider } = await send(script);
    expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME', retry: 'WAIT' } });
    expect(provider.requests).toHaveLength(1);
  });

  test.each([400, 409])('a key with other data (%i), which is for a person', async (status) => {
    const text = 'Different request with the same idempotency key has already been processed.';
    const { outcome, provider } = await send(said(text, status));
    expect(outcome).toMatchObject({
      kind: 'unknown',
      failure: { code: 'UNKNOWN_OUTCOME', retry: 'ASK_A_HUMAN', providerCode: 'BAD_REQUEST_ERROR' },
      evidence: { httpStatus: status, errorDescription: text },
      isKeyConflict: true,
    });
    expect(provider.requests).toHaveLength(1);
  });
});

test.each<[string, Script, State]>([
  ['names it', said('The receipt has already been taken.'), {}],
  ['has it as the field', { status: 400, body: wireError({ field: 'receipt' }) }, {}],
  ['names it, while nothing can be read', said('Duplicate receipt'), { payment: { status: 503 } }],
])('a refused receipt that %s and is not found is unknown: lists lag behind', async (_name, post, state) => {
  const { outcome } = await send(post, state);
  expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME', retry: 'WAIT' } });
});

describe('deferred', () => {
  test.each<[string, Script, number | null]>([
    ['seconds', { status: 429, body: wireError(), headers: { 'retry-after': '3' } }, 3000],
    [
      'a date',
      { status: 429, body: wireError(), headers: { 'retry-after': 'Sun, 22 Nov 2026 12:00:02 GMT' } },
      2000,
    ],
    ['nothing', { status: 429, body: wireError() }, null],
    [
      'an absurd time',
      { status: 429, body: wireError(), headers: { 'retry-after': '999999999' } },
      3_600_000,
    ],
  ])('429, advised by %s', async (_name, script, retryAfterMs) => {
    const { outcome } = await send(script);
    expect(outcome).toMatchObject({
      kind: 'deferred',
      failure: { code: 'RATE_LIMITED', retry: 'WAIT' },
      retryAfterMs,
    });
  });

  test.each<[string, Script]>([
    ['a wrong key', said('The api key provided is invalid', 401)],
    ['a wrong secret', said('The api secret provided is invalid', 401)],
    ['403', said('anything', 403)],
    ['an address that is not allowed', said('Access Denied')],
  ])('%s is for a person', async (_name, script) => {
    const { outcome, provider } = await send(script);
    expect(outcome).toMatchObject({
      kind: 'deferred',
      failure: { code: 'AUTHENTICATION_FAILED', retry: 'ASK_A_HUMAN' },
      retryAfterMs: null,
    });
    expect(provider.requests).toHaveLength(1);
  });

  test.each([400, 404, 422])(
    'a %i about an account that is not linked, whose payment cannot be read either',
    async (status) => {
      const denied = said('Some words that are not documented', status);
      const { outcome } = await send(denied, { payment: denied, refunds: denied });
      expect(outcome).toMatchObject({ kind: 'deferred', failure: { code: 'AUTHENTICATION_FAILED' } });
    },
  );

  test('another operation of the payment, where its state does not explain the refusal', async () => {
    const busy = said('Another payment operation is in progress');
    expect((await send(busy)).outcome).toMatchObject({
      kind: 'deferred',
      failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS', retry: 'WAIT' },
    });
    const held = { body: payment({ status: 'authorized', captured: false }) };
    expect((await send(busy, { payment: held })).outcome).toMatchObject({
      kind: 'refused',
      failure: { code: 'PAYMENT_NOT_REFUNDABLE' },
    });
  });
});

describe('not sent', () => {
  test('when the connection is refused', async () => {
    const { access, provider } = await openAccount(() => ({}));
    await provider.close();
    const outcome = await razorpay.sendRefund(access, razorpay.buildRefund(order), order, () => true);
    expect(outcome).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'PROVIDER_UNAVAILABLE', retry: 'WAIT' },
      evidence: { transport: 'ECONNREFUSED' },
    });
  });

  test('when it may not be sent any more', async () => {
    const { access, provider } = await openAccount(() => ({ body: ours() }));
    const outcome = await razorpay.sendRefund(access, razorpay.buildRefund(order), order, () => false);
    expect(outcome).toMatchObject({ kind: 'not-sent', evidence: { transport: 'may-not-send' } });
    expect(provider.requests).toHaveLength(0);
  });
});

describe('refused', () => {
  test('and explained by reading the payment again, with safe evidence', async () => {
    const error = {
      description: `${'x'.repeat(300)}\u0000`,
      field: 'amount',
      reason: 'input_validation_failed',
    };
    const { outcome, provider } = await send(
      { status: 400, body: wireError(error) },
      { payment: noSuchId, refunds: noSuchId },
    );
    expect(outcome).toMatchObject({
      kind: 'refused',
      failure: { code: 'PAYMENT_NOT_FOUND', retry: 'NEVER', providerCode: 'BAD_REQUEST_ERROR' },
    });
    expect(outcome.evidence).toEqual({
      httpStatus: 400,
      errorCode: 'BAD_REQUEST_ERROR',
      errorField: 'amount',
      errorReason: 'input_validation_failed',
      errorDescription: 'x'.repeat(200),
    });
    expect(provider.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      `GET /v1/payments/${PAYMENT_ID}`,
      `GET /v1/payments/${PAYMENT_ID}/refunds?count=100&skip=0`,
      `POST /v1/payments/${PAYMENT_ID}/refund`,
    ]);
  });

  test('a refusal that cannot be explained is still a refusal', async () => {
    const { outcome } = await send(said('anything'), { payment: { status: 503 } });
    expect(outcome).toMatchObject({
      kind: 'refused',
      failure: { code: 'PROVIDER_REJECTED', retry: 'ASK_A_HUMAN' },
    });
  });

  test.each<[string, Script]>([
    ['an unknown 4xx', said('anything', 418)],
    ['a field that is no field', said('receipt is/are not required and should not be sent')],
  ])('%s is PROVIDER_REJECTED', async (_name, script) => {
    const { outcome } = await send(script);
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PROVIDER_REJECTED' } });
  });
});
