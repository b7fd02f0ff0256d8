import { expect, test } from 'vitest';
import type { RefundListQuery } from '../../../src/providers/provider.ts';
import { stripe } from '../../../src/providers/stripe/index.ts';
import type { Script } from '../../support/scripted-provider.ts';
import { missing, numbered, openAccount, page, PAYMENT_ID, scriptOf } from './account.ts';

async function list(query: RefundListQuery, answer: Script = { body: page([]) }) {
  const { access, provider } = await openAccount(scriptOf({}, { refunds: answer }));
  const look = await stripe.listRefunds(access, query);
  return { look, path: decodeURIComponent(provider.requests[0]?.path ?? '') };
}

test.each<[string, RefundListQuery, string]>([
  ['of a payment', { providerPaymentId: PAYMENT_ID }, `payment_intent=${PAYMENT_ID}&limit=100`],
  [
    'over time, widened to whole seconds',
    { createdFrom: new Date(1_000_000_000_500), createdTo: new Date(1_000_000_060_001) },
    'created[gte]=1000000000&created[lte]=1000000061&limit=100',
  ],
  [
    'whole seconds are not widened',
    { createdFrom: new Date(1_000_000_000_000), createdTo: new Date(1_000_000_060_000) },
    'created[gte]=1000000000&created[lte]=1000000060&limit=100',
  ],
  ['before there was time', { createdFrom: new Date(-5_000) }, 'created[gte]=0&limit=100'],
  ['the next page', { cursor: 're_00000000000099' }, 'limit=100&starting_after=re_00000000000099'],
  ['everything', {}, 'limit=100'],
])('a list %s', async (_name, query, parameters) => {
  const { look, path } = await list(query);
  expect(look).toEqual({ kind: 'found', value: { refunds: [], nextCursor: null } });
  expect(path).toBe(`/v1/refunds?${parameters}`);
});

test('a page with more behind it gives the id of its last refund, also where that is left out', async () => {
  const data = [
    numbered(3),
    numbered(2, { payment_intent: null }),
    numbered(1, { currency: 'iqd' }),
    numbered(0, { reason: 'expired_uncaptured_charge' }),
  ];
  const { look } = await list({}, { body: page(data, true) });
  expect(look).toMatchObject({
    kind: 'found',
    value: { refunds: [{ providerRefundId: 're_00000000000003' }], nextCursor: 're_00000000000000' },
  });
});

test('a failed refund tells its reason in a list', async () => {
  const { look } = await list(
    {},
    { body: page([numbered(1, { status: 'failed', failure_reason: 'declined' })]) },
  );
  expect(look).toMatchObject({
    value: { refunds: [{ status: 'FAILED', failure: { providerCode: 'declined' } }] },
  });
});

test.each([
  ['no number', '1'],
  ['a fraction', 1.5],
])('a page with one refund whose amount is %s is unavailable as a whole', async (_name, amount) => {
  const { look } = await list({}, { body: page([numbered(1), numbered(2, { amount })]) });
  expect(look.kind).toBe('unavailable');
});

test('a page behind a refund that is not there is unavailable, and says nothing of the payment', async () => {
  const query = { providerPaymentId: PAYMENT_ID, cursor: 're_00000000000099' };
  expect((await list(query, missing('starting_after'))).look.kind).toBe('unavailable');
});

test('the list of a payment that is not there is absent, and so is that of an id that cannot be one', async () => {
  expect((await list({ providerPaymentId: PAYMENT_ID }, missing('payment_intent'))).look).toEqual({
    kind: 'absent',
  });
  expect(await list({ providerPaymentId: 'ch_1' })).toEqual({ look: { kind: 'absent' }, path: '' });
});

test.each(['', '99', 're_1&limit=1', '../x'])('%j is no cursor', async (cursor) => {
  await expect(list({ cursor })).rejects.toThrow(RangeError);
});
