import { expect, test } from 'vitest';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { knownRefund } from '../known-refund.ts';
import { coded, openAccount, refund, REFUND_ID, scriptOf, wireError } from './account.ts';

async function cancel(answer: Script, now: Script = { body: refund() }, id = REFUND_ID) {
  const { access, provider } = await openAccount(scriptOf(answer, { refund: now }));
  return { outcome: await stripe.cancel!.send(access, knownRefund(id), () => true), provider };
}

test.each([
  ['requires_action', true],
  ['pending', false],
  ['succeeded', false],
  ['canceled', false],
  ['asleep', false],
])('a refund that is %s can be canceled: %s', (rawStatus, isPossible) => {
  expect(stripe.cancel?.isPossible(rawStatus)).toBe(isPossible);
});

test('a refund is canceled by a request without a key', async () => {
  const { outcome, provider } = await cancel({ body: refund({ status: 'canceled' }) });
  expect(outcome).toMatchObject({
    kind: 'accepted',
    refund: { providerRefundId: REFUND_ID, status: 'CANCELED' },
  });
  expect(provider.requests).toMatchObject([
    { method: 'POST', path: `/v1/refunds/${REFUND_ID}/cancel`, body: '' },
  ]);
  expect(provider.requests[0]?.headers).not.toHaveProperty('idempotency-key');
});

test('a refusal counts, unless the refund is found canceled', async () => {
  const refused: Script = { status: 400, body: wireError() };
  expect((await cancel(refused)).outcome).toMatchObject({
    kind: 'refused',
    failure: { code: 'PROVIDER_REJECTED', retry: 'NEVER' },
  });
  const { outcome } = await cancel(refused, { body: refund({ status: 'canceled' }) });
  expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: 'CANCELED' } });
});

test.each<[string, Script, string, string]>([
  ['a lock', coded('lock_timeout', 429), 'deferred', 'ANOTHER_OPERATION_IN_PROGRESS'],
  ['a refused key', { status: 401, body: wireError() }, 'deferred', 'AUTHENTICATION_FAILED'],
  ['a 500', { status: 500, body: wireError({ type: 'api_error' }) }, 'unknown', 'UNKNOWN_OUTCOME'],
  ['no answer', 'drop', 'unknown', 'UNKNOWN_OUTCOME'],
  ['a 200 of another refund', { body: refund({ id: 're_other' }) }, 'unknown', 'UNKNOWN_OUTCOME'],
])('%s', async (_name, answer, kind, code) => {
  const { outcome, provider } = await cancel(answer);
  expect(outcome).toMatchObject({ kind, failure: { code } });
  expect(provider.requests).toHaveLength(1);
});

test('an id that is none enters no URL, and what may not be sent is not sent', async () => {
  const { outcome, provider } = await cancel({}, {}, '../charges');
  expect(outcome.kind).toBe('refused');
  expect(provider.requests).toEqual([]);
  const { access } = await openAccount(scriptOf({}));
  expect((await stripe.cancel!.send(access, knownRefund(REFUND_ID), () => false)).kind).toBe('not-sent');
});
