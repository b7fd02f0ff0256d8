import { expect, test } from 'vitest';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  KEY,
  list,
  openShop,
  order,
  PAYMENT_ID,
  refund,
  REFUND_ID,
  rub,
  scriptOf,
  type State,
  wireError,
} from './shop.ts';

async function send(post: Script, state: State = {}) {
  const { access, provider } = await openShop(scriptOf(post, state));
  const outcome = await yookassa.sendRefund(access, yookassa.buildRefund(order), order, () => true);
  return { outcome, provider };
}

test('the stored bytes are sent, with authentication added', async () => {
  const { provider } = await send({ body: refund() });
  expect(provider.requests).toHaveLength(1);
  expect(provider.requests[0]).toMatchObject({
    method: 'POST',
    path: '/v3/refunds',
    body: yookassa.buildRefund(order).body,
    headers: {
      authorization: 'Basic MTAwNTAwOnRlc3RfTjB0QVJlYWxLZXlfMDAw',
      'content-type': 'application/json',
      'idempotence-key': KEY,
    },
  });
});

test.each([
  ['pending', 'PENDING'],
  ['succeeded', 'SUCCEEDED'],
  ['canceled', 'FAILED'],
  ['on_holiday', 'UNRECOGNISED'],
])('a 200 with status %s is accepted as %s', async (rawStatus, status) => {
  const { outcome } = await send({ body: refund({ status: rawStatus }) });
  expect(outcome).toMatchObject({
    kind: 'accepted',
    refund: { providerRefundId: REFUND_ID, providerPaymentId: PAYMENT_ID, status, rawStatus },
    evidence: { httpStatus: 200 },
  });
});

test('a 200 with canceled is a failed refund that says why', async () => {
  const details = { party: 'yoo_money', reason: 'insufficient_funds' };
  const { outcome } = await send({ body: refund({ status: 'canceled', cancellation_details: details }) });
  expect(outcome).toMatchObject({
    kind: 'accepted',
    refund: {
      failure: { code: 'INSUFFICIENT_FUNDS', retry: 'RETRY_REFUND', providerCode: 'insufficient_funds' },
    },
  });
});

test("another amount than asked for is the provider's fact, not decided here", async () => {
  const { outcome } = await send({ body: refund({ amount: rub('399.00') }) });
  expect(outcome).toMatchObject({ kind: 'accepted', refund: { amount: { minor: 39900n, currency: 'RUB' } } });
});

test.each<[string, Script]>([
  ['a 200 that is no JSON', { body: '<html>OK</html>' }],
  ['a 200 cut in the middle', { body: JSON.stringify(refund()).slice(0, 60) }],
  ['a 200 without an id', { body: refund({ id: undefined }) }],
  ['a 200 with an amount that cannot be read', { body: refund({ amount: rub('400') }) }],
  ['a 200 of another payment', { body: refund({ payment_id: REFUND_ID }) }],
  ['a 200 with an error', { body: wireError() }],
  ['201', { status: 201, body: refund() }],
  ['202', { status: 202, body: { type: 'processing', retry_after: 1800 } }],
  ['302', { status: 302, headers: { location: '/elsewhere' } }],
  ['408', { status: 408 }],
  ['409', { status: 409, body: wireError({ code: 'conflict' }) }],
  ['422', { status: 422, body: wireError() }],
  ...[400, 401, 403, 404, 405, 410, 415, 429].map((status): [string, Script] => [
    `${status} that is not YooKassa's`,
    { status, body: '<html>Answered by a proxy that had passed the request on</html>' },
  ]),
  ['401 without a body', { status: 401 }],
  ['405 without a body', { status: 405, body: '' }],
  ['410 without a body', { status: 410, body: '' }],
  ['415 without a body', { status: 415, body: '' }],
  ...[400, 401, 403, 404, 405, 410, 415, 429].map((status): [string, Script] => [
    `${status} that says internal_server_error`,
    { status, body: wireError({ code: 'internal_server_error' }) },
  ]),
  ['429 without a body', { status: 429, headers: { 'retry-after': '3' } }],
  ['500', { status: 500, body: wireError({ code: 'internal_server_error' }) }],
  ['502 with HTML', { status: 502, body: '<html>Bad Gateway</html>' }],
  ['503', { status: 503 }],
  ['504', { status: 504 }],
  ['a connection that breaks', 'drop'],
])('%s is unknown, and is neither repeated nor explained by reading', async (_name, script) => {
  const { outcome, provider } = await send(script);
  expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'UNKNOWN_OUTCOME', retry: 'WAIT' } });
  expect(provider.requests).toHaveLength(1);
});

test('a key that is known with other data is unknown: somebody has to look', async () => {
  const error = wireError({ parameter: 'Idempotence-Key' });
  const { outcome, provider } = await send({ status: 400, body: error });
  expect(outcome).toMatchObject({
    kind: 'unknown',
    failure: { code: 'ANOTHER_OPERATION_IN_PROGRESS', retry: 'WAIT', providerCode: 'invalid_request' },
    evidence: { httpStatus: 400, errorParameter: 'Idempotence-Key' },
    isKeyConflict: true,
  });
  expect(provider.requests).toHaveLength(1);
});

test.each<[string, Script, number | null]>([
  [
    'milliseconds in the body',
    { status: 429, body: wireError({ code: 'too_many_requests', retry_after: 1800 }) },
    1800,
  ],
  ['seconds in the header', { status: 429, body: wireError(), headers: { 'retry-after': '3' } }, 3000],
  [
    'the body before the header',
    { status: 429, body: wireError({ retry_after: 5 }), headers: { 'retry-after': '3' } },
    5,
  ],
  [
    'a date in the header',
    { status: 429, body: wireError(), headers: { 'retry-after': 'Sun, 22 Nov 2026 12:00:02 GMT' } },
    2000,
  ],
  ['nothing', { status: 429, body: wireError() }, null],
  ['an absurd time', { status: 429, body: wireError({ retry_after: 1e300 }) }, 3_600_000],
])('429 is deferred, advised by %s', async (_name, script, retryAfterMs) => {
  const { outcome } = await send(script);
  expect(outcome).toMatchObject({
    kind: 'deferred',
    failure: { code: 'RATE_LIMITED', retry: 'WAIT' },
    retryAfterMs,
  });
});

test.each([
  [401, 'invalid_credentials'],
  [403, 'forbidden'],
])('%i is deferred: the credentials are for a person', async (status, code) => {
  const { outcome } = await send({ status, body: wireError({ code }) });
  expect(outcome).toMatchObject({
    kind: 'deferred',
    failure: { code: 'AUTHENTICATION_FAILED', retry: 'ASK_A_HUMAN', providerCode: code },
    retryAfterMs: null,
  });
});

test('a connection that is refused is not sent', async () => {
  const { access, provider } = await openShop(() => ({}));
  await provider.close();
  const outcome = await yookassa.sendRefund(access, yookassa.buildRefund(order), order, () => true);
  expect(outcome).toMatchObject({
    kind: 'not-sent',
    failure: { code: 'PROVIDER_UNAVAILABLE', retry: 'WAIT' },
    evidence: { transport: 'ECONNREFUSED' },
  });
});

test('what may not be sent any more is not sent', async () => {
  const { access, provider } = await openShop(() => ({ body: refund() }));
  const outcome = await yookassa.sendRefund(access, yookassa.buildRefund(order), order, () => false);
  expect(outcome).toMatchObject({ kind: 'not-sent', evidence: { transport: 'may-not-send' } });
  expect(provider.requests).toHaveLength(0);
});

test('a refusal is explained by reading the payment again, and keeps safe evidence', async () => {
  const error = wireError({ parameter: 'payment_id', description: `${'x'.repeat(300)}\u0000` });
  const { outcome, provider } = await send(
    { status: 400, body: error },
    { payment: { status: 404, body: wireError() } },
  );
  expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PAYMENT_NOT_FOUND', retry: 'NEVER' } });
  expect(outcome.evidence).toEqual({
    httpStatus: 400,
    errorId: '5d1e0f7a-0c44-4e55-9a3b-7c1b2f60d9aa',
    errorCode: 'invalid_request',
    errorParameter: 'payment_id',
    errorDescription: 'x'.repeat(200),
  });
  expect(provider.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
    `GET /v3/payments/${PAYMENT_ID}`,
    `GET /v3/refunds?payment_id=${PAYMENT_ID}&limit=100`,
    'POST /v3/refunds',
  ]);
});

test('a refusal that cannot be explained is still a refusal', async () => {
  const { outcome } = await send({ status: 400, body: wireError() }, { payment: { status: 503 } });
  expect(outcome).toMatchObject({
    kind: 'refused',
    failure: { code: 'PROVIDER_REJECTED', retry: 'ASK_A_HUMAN' },
  });
});

test('a refusal of a refund that is there all the same is no refusal', async () => {
  const ours = refund({ status: 'pending', metadata: { refund_ref: KEY } });
  const { outcome } = await send({ status: 400, body: wireError() }, { refunds: { body: list(ours) } });
  expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: 'PENDING', ourReference: KEY } });
});

test.each<[number, Script]>([
  [405, { status: 405, body: wireError() }],
  [410, { status: 410, body: wireError({ code: 'gone' }) }],
  [415, { status: 415, body: wireError() }],
])('%i is refused', async (status, script) => {
  const { outcome } = await send(script);
  expect(outcome).toMatchObject({
    kind: 'refused',
    failure: { code: 'PROVIDER_REJECTED' },
    evidence: { httpStatus: status },
  });
});
