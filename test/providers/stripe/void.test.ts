import { expect, test } from 'vitest';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import {
  coded,
  KEY,
  missing,
  openAccount,
  OTHER_PAYMENT_ID,
  payment,
  PAYMENT_ID,
  scriptOf,
  wireError,
} from './account.ts';

const target = { providerPaymentId: PAYMENT_ID, handles: {}, state: 'AUTHORIZED' } as const;
const canceled = (more: object = {}) =>
  payment({ status: 'canceled', amount_received: 0, latest_charge: 'ch_3SimPayment000000000001', ...more });

async function cancel(answer: Script, now: Script = { body: payment() }) {
  const { access, provider } = await openAccount(scriptOf(answer, { payment: now }));
  const outcome = await stripe.sendVoid(access, stripe.buildVoid(target, KEY), PAYMENT_ID, () => true);
  return { outcome, provider };
}

test.each(['AUTHORIZED', 'PENDING'] as const)('one request cancels what is %s', (state) => {
  expect(stripe.buildVoid({ ...target, state }, KEY)).toEqual({
    method: 'POST',
    path: `/payment_intents/${PAYMENT_ID}/cancel`,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Stripe-Version': '2026-10-28.endive',
      'Idempotency-Key': KEY,
    },
    body: 'cancellation_reason=requested_by_customer',
  });
});

test('an id that is none enters no URL', () => {
  expect(() => stripe.buildVoid({ ...target, providerPaymentId: 'pi_1/capture?x' }, KEY)).toThrow(RangeError);
});

test('a hold is released', async () => {
  const { outcome, provider } = await cancel({ body: canceled() });
  expect(outcome).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED', capturedMinor: 0n } });
  expect(provider.requests).toMatchObject([{ method: 'POST', headers: { 'idempotency-key': KEY } }]);
});

const refused = (carried?: object): Script => ({
  status: 400,
  body: wireError({ code: 'payment_intent_unexpected_state', payment_intent: carried }),
});

test('what is canceled already is a success, and the payment as it is now counts', async () => {
  const { outcome } = await cancel(refused(payment()), { body: canceled() });
  expect(outcome).toMatchObject({ kind: 'accepted', payment: { state: 'CANCELED' } });
});

test.each([
  ['succeeded', 'CAPTURED', 'NEVER'],
  ['processing', 'PENDING', 'ASK_A_HUMAN'],
  ['requires_capture', 'AUTHORIZED', 'ASK_A_HUMAN'],
])('a refusal of a payment that is %s tells what it was found to be', async (status, state, retry) => {
  const { outcome } = await cancel(refused(), { body: payment({ status }) });
  expect(outcome).toMatchObject({
    kind: 'refused',
    payment: { state },
    failure: { code: 'PROVIDER_REJECTED', retry, providerCode: 'payment_intent_unexpected_state' },
  });
});

const unread: Script = { status: 503, body: '' };
test.each<[string, object | undefined, object]>([
  ['canceled', canceled(), { kind: 'accepted', payment: { state: 'CANCELED' } }],
  ['captured', payment(), { kind: 'refused', payment: { state: 'CAPTURED', refundedMinor: null } }],
  ['under way, which may be over', payment({ status: 'processing' }), { kind: 'refused', payment: null }],
  ['another', canceled({ id: OTHER_PAYMENT_ID }), { kind: 'refused', payment: null }],
  ['not there', undefined, { kind: 'refused', payment: null }],
])(
  'where it cannot be read, the payment that the refusal carries counts: %s',
  async (_name, carried, expected) => {
    expect((await cancel(refused(carried), unread)).outcome).toMatchObject(expected);
  },
);

test('a payment that is not there', async () => {
  const { outcome } = await cancel(coded('resource_missing', 404), missing('intent'));
  expect(outcome).toMatchObject({ kind: 'refused', payment: null, failure: { code: 'PAYMENT_NOT_FOUND' } });
});

test.each<[string, Script]>([
  ['a 200 of a payment that is not canceled', { body: payment({ status: 'requires_capture' }) }],
  ['a 200 of another payment', { body: canceled({ id: OTHER_PAYMENT_ID }) }],
  ['a 200 that is no JSON', { body: 'ok' }],
  ['a 500', { status: 500, body: wireError({ type: 'api_error' }) }],
  ['an earlier send that still runs', coded('idempotency_key_in_use', 409)],
  ['no answer', 'drop'],
])('%s leaves it open', async (_name, answer) => {
  const { outcome, provider } = await cancel(answer);
  expect(outcome.kind).toBe('unknown');
  expect(provider.requests).toHaveLength(1);
});

test('a lock puts it off', async () => {
  expect((await cancel(coded('lock_timeout', 429))).outcome.kind).toBe('deferred');
});
