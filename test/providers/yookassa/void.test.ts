import { expect, test } from 'vitest';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { KEY, openShop, payment, PAYMENT_ID, REFUND_ID, scriptOf, wireError } from './shop.ts';

const refused: Script = { status: 400, body: wireError({ parameter: 'payment_id' }) };

async function cancel(post: Script, now: Script = { body: payment() }) {
  const { access, provider } = await openShop(scriptOf(post, { payment: now }));
  const request = yookassa.buildVoid(
    { providerPaymentId: PAYMENT_ID, handles: {}, state: 'AUTHORIZED' },
    KEY,
  );
  const outcome = await yookassa.sendVoid(access, request, PAYMENT_ID, () => true);
  return { outcome, provider };
}

test('a hold is released', async () => {
  const details = { party: 'merchant', reason: 'canceled_by_merchant' };
  const body = payment({ status: 'canceled', paid: false, cancellation_details: details });
  const { outcome, provider } = await cancel({ body });
  expect(outcome).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED', capturedMinor: 0n } });
  expect(provider.requests).toMatchObject([
    {
      method: 'POST',
      path: `/v3/payments/${PAYMENT_ID}/cancel`,
      body: '{}',
      headers: { 'idempotence-key': KEY },
    },
  ]);
});

test('a refusal because the hold is gone already is a success', async () => {
  const { outcome } = await cancel(refused, { body: payment({ status: 'canceled' }) });
  expect(outcome).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED' } });
});

test.each([
  ['succeeded', 'CAPTURED', 'NEVER'],
  ['pending', 'PENDING', 'NEVER'],
  ['waiting_for_capture', 'AUTHORIZED', 'ASK_A_HUMAN'],
])('a refusal of a payment that is %s tells what it was found to be', async (status, state, retry) => {
  const { outcome } = await cancel(refused, { body: payment({ status }) });
  expect(outcome).toMatchObject({
    kind: 'refused',
    payment: { state },
    failure: { code: 'PROVIDER_REJECTED', retry, providerCode: 'invalid_request' },
  });
});

test('a refusal of a payment that is not there', async () => {
  const { outcome } = await cancel(refused, { status: 404, body: wireError() });
  expect(outcome).toMatchObject({ kind: 'refused', payment: null, failure: { code: 'PAYMENT_NOT_FOUND' } });
});

test('a refusal that cannot be explained', async () => {
  const { outcome } = await cancel(refused, { status: 500 });
  expect(outcome).toMatchObject({ kind: 'refused', payment: null, failure: { code: 'PROVIDER_REJECTED' } });
});

test.each<[string, Script, string]>([
  ['200 without canceled', { body: payment({ status: 'waiting_for_capture' }) }, 'unknown'],
  ['200 of another payment', { body: payment({ id: REFUND_ID, status: 'canceled' }) }, 'unknown'],
  ['200 that cannot be read', { body: 'OK' }, 'unknown'],
  ['202', { status: 202 }, 'unknown'],
  ['500', { status: 500 }, 'unknown'],
  ['a broken connection', 'drop', 'unknown'],
  [
    'a key known with other data',
    { status: 400, body: wireError({ parameter: 'Idempotence-Key' }) },
    'unknown',
  ],
  ['429', { status: 429, body: wireError({ code: 'too_many_requests' }) }, 'deferred'],
  ['401', { status: 401, body: wireError({ code: 'invalid_credentials' }) }, 'deferred'],
  ["429 that is not YooKassa's", { status: 429 }, 'unknown'],
  ["401 that is not YooKassa's", { status: 401 }, 'unknown'],
])('%s is %s', async (_name, script, kind) => {
  const { outcome, provider } = await cancel(script);
  expect(outcome.kind).toBe(kind);
  expect(provider.requests).toHaveLength(1);
});
