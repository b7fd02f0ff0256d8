import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, execute } from '../support/execute.ts';
import { armRazorpay, razorpayMode, razorpayPayment, settleRazorpay } from '../support/razorpay.ts';
import { clearFaults, newKey, refundsAre, settleAll } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('two_providers');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

interface View {
  readonly id: string;
  readonly status: string;
  readonly freshness: { readonly isStale: boolean };
  readonly traceReferences: readonly object[];
}

const FIELDS = 'id status freshness { isStale } traceReferences { kind value availability }';

/** A refund of 10.00, in the state in which its provider leaves it. */
async function refundOf(account: string, paymentId: string, currency: string): Promise<View> {
  const { createRefund } = await ask<{ createRefund: { refund: View } }>(
    t.world,
    t.caller(),
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { ${FIELDS} } } }`,
    {
      input: {
        idempotencyKey: newKey(),
        payment: { provider: { account, paymentId } },
        amount: { money: { value: '10.00', currency } },
        reason: 'OTHER',
        waitMs: 10_000,
      },
    },
  );
  return createRefund.refund;
}
const atRazorpay = async (more = {}) =>
  refundOf('razorpay-demo', await razorpayPayment(t, '100.00', more), 'MYR');
const atYooKassa = async () => refundOf('yookassa-demo', await t.payment('100.00'), 'RUB');

describe('one page of refunds of two providers', () => {
  const page = async (refunds: readonly View[]): Promise<ReadonlyMap<string, View>> => {
    const { data, errors } = await execute<{ refunds: { nodes: View[] } }>(
      t.world,
      t.caller(),
      `query ($ids: [ID!]!) {
        refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: 0, waitMs: 10000) { nodes { ${FIELDS} } } }`,
      { ids: refunds.map(({ id }) => id) },
    );
    expect(errors).toEqual([]);
    return new Map(data.refunds.nodes.map((node) => [node.id, node]));
  };
  beforeEach(async () => {
    await refundsAre(t, 'pending');
    await razorpayMode(t, { refunds: 'pending' });
  });

  test('has both, fresh', async () => {
    const refunds = [await atRazorpay(), await atYooKassa(), await atRazorpay(), await atYooKassa()];
    await settleRazorpay(t, 'succeeded');
    await settleAll(t, 'succeeded');
    const nodes = await page(refunds);
    for (const { id } of refunds)
      expect(nodes.get(id)).toMatchObject({ status: 'SUCCEEDED', freshness: { isStale: false } });
  });

  test.each(['razorpay', 'yookassa'] as const)(
    'while %s is down has the other one’s truth, and says of its own that it is stale',
    async (down) => {
      const refunds = { razorpay: await atRazorpay(), yookassa: await atYooKassa() };
      await settleRazorpay(t, 'succeeded');
      await settleAll(t, 'succeeded');
      await armRazorpay(t, 'connect-refused', { provider: down, operation: '*', times: 1000 });
      const nodes = await page(Object.values(refunds));
      const up = down === 'razorpay' ? 'yookassa' : 'razorpay';
      expect(nodes.get(refunds[down].id)).toMatchObject({
        status: 'PENDING',
        freshness: { isStale: true },
      });
      expect(nodes.get(refunds[up].id)).toMatchObject({
        status: 'SUCCEEDED',
        freshness: { isStale: false },
      });
    },
  );
});

test('a trace number that comes a day after the money turns from NOT_YET to AVAILABLE', async () => {
  await razorpayMode(t, { refunds: 'instant' });
  const refund = await atRazorpay({ method: 'netbanking' });
  expect(refund.status).toBe('SUCCEEDED');
  const notYet = ['ARN', 'RRN', 'UTR'].map((kind) => ({ kind, value: null, availability: 'NOT_YET' }));
  expect(refund.traceReferences).toEqual(notYet);
  await t.advance(86_400);
  const sync = async () =>
    (
      await ask<{ syncRefund: { refund: View } }>(
        t.world,
        t.caller(),
        `mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 10000 }) { refund { ${FIELDS} } } }`,
        { id: refund.id },
      )
    ).syncRefund.refund;
  expect(await sync()).toMatchObject({
    status: 'SUCCEEDED',
    traceReferences: [{ kind: 'UTR', value: expect.stringMatching(/^\d{16}$/), availability: 'AVAILABLE' }],
  });
  // Found a second time it is no news.
  await sync();
  const { refund: told } = await ask<{ refund: { version: number; history: readonly object[] } }>(
    t.world,
    t.caller(),
    `query ($id: ID!) { refund(by: { id: $id }) {
      version history { kind source actor from to evidence leg { status } } } }`,
    { id: refund.id },
  );
  expect(told.history).toHaveLength(told.version);
  expect(told.history.at(-1)).toMatchObject({
    kind: 'DETAILS',
    source: 'PROVIDER_READ',
    actor: 'system',
    from: 'SUCCEEDED',
    to: 'SUCCEEDED',
    evidence: { traceReferenceKinds: 'UTR', rawStatus: 'processed' },
    leg: { status: 'SUCCEEDED' },
  });
});
