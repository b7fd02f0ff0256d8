import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { stripe } from '../../src/providers/stripe/index.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import { ask } from '../support/execute.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { armStripe, settleStripe, stripeCommand, stripeMode, stripePayment } from '../support/stripe.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('cancel_at_provider');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await stripeMode(t, { refunds: 'requires_action' });
});

const cancelIn = (world: World, refundId: RefundId) => cancelRefund(world, t.caller(), { refundId });
const cancel = (refundId: RefundId) => cancelIn(t.world, refundId);
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

/** A refund that waits for the customer at the provider, of 40.00 USD of 150.00. */
async function waiting() {
  const paymentId = await stripePayment(t, '150.00');
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), stripeCommand(paymentId, 4_000n)));
  expect(await refundRow(t, refundId)).toMatchObject({
    status: 'PENDING',
    legs: [{ raw_status: 'requires_action' }],
  });
  const [leg] = (await refundRow(t, refundId)).legs;
  return { paymentId, refundId, providerRefundId: leg!.provider_refund_id! };
}

/** What happens at the provider between our look at the refund and our wish to stop it. */
const racedBy = (act: () => Promise<unknown>): Promise<World> =>
  t.replica({
    adapter: {
      cancel: {
        ...stripe.cancel!,
        async send(access, known, mayStillSend) {
          await act();
          return stripe.cancel!.send(access as never, known, mayStillSend);
        },
      },
    },
  });

describe('a refund that its provider still takes back', () => {
  test('is stopped there, its amount is free, and it is told so by everything that tells', async () => {
    const { paymentId, refundId, providerRefundId } = await waiting();
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 4_000n });
    expect(valueOf(await cancel(refundId))).toEqual({ refundId });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED', returned_minor: 0n });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([
      { id: providerRefundId, status: 'canceled' },
    ]);
    const { refund } = await ask<{ refund: Record<string, unknown> }>(
      t.world,
      t.caller(),
      `query ($key: IdempotencyKey!) { refund(by: { idempotencyKey: $key }) {
        isFinal moneyMovement summary allowedActions history { kind actor from to } } }`,
      { key: await keyOf(refundId) },
    );
    expect(refund).toMatchObject({
      isFinal: true,
      moneyMovement: 'NOT_RETURNED',
      summary: 'Your refund of 40.00 USD was canceled before any money was returned.',
    });
    expect(refund['allowedActions']).not.toContain('CANCEL');
    expect(refund['allowedActions']).not.toContain('RETRY');
    const asked = (refund['history'] as { kind: string }[]).filter(({ kind }) => kind === 'CANCEL_ASKED');
    expect(asked).toEqual([{ kind: 'CANCEL_ASKED', actor: 'key:test', from: 'PENDING', to: 'PENDING' }]);
    await expectSound(t, paymentId);
  });

  test('has CANCEL among its actions exactly as long', async () => {
    const { refundId } = await waiting();
    const key = await keyOf(refundId);
    const actions = async () => {
      const data = await ask<{ refund: { allowedActions: string[] } }>(
        t.world,
        t.caller(),
        `query ($key: IdempotencyKey!) { refund(by: { idempotencyKey: $key }) { allowedActions } }`,
        { key },
      );
      return data.refund.allowedActions;
    };
    expect(await actions()).toContain('CANCEL');
    await settleStripe(t, 'succeeded');
    valueOf(await sync(refundId));
    expect(await actions()).not.toContain('CANCEL');
    const requests = await watchRequests(t, 'stripe');
    expect(problemOf(await cancel(refundId))).toMatchObject({ type: 'NotCancelable', retry: 'NEVER' });
    expect(await requests('cancelRefund')).toEqual([]);
  });

  test('twice at once is stopped once, and twice in a row nothing is asked again', async () => {
    const { paymentId, refundId } = await waiting();
    const other = await t.replica();
    for (const result of await Promise.all([cancel(refundId), cancelIn(other, refundId)])) valueOf(result);
    const requests = await watchRequests(t, 'stripe');
    expect(valueOf(await cancel(refundId))).toEqual({ refundId });
    expect(await requests()).toEqual([]);
    const moves = await t.database.db
      .selectFrom('events')
      .select('to_status')
      .where('refund_id', '=', refundId)
      .where('to_status', '=', 'CANCELED')
      .execute();
    expect(moves).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('and that succeeds at the same moment is not: the answer says what it is', async () => {
    const { paymentId, refundId } = await waiting();
    const world = await racedBy(() => settleStripe(t, 'succeeded'));
    expect(problemOf(await cancelIn(world, refundId))).toMatchObject({
      type: 'NotCancelable',
      message: expect.stringContaining('SUCCEEDED'),
      retry: 'NEVER',
    });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 4_000n });
    await expectSound(t, paymentId);
  });

  test('and that it takes back no more once the payment is locked is not asked for, nor reported as stopped', async () => {
    const { refundId } = await waiting();
    let looks = 0;
    const late = await t.replica({
      adapter: { cancel: { ...stripe.cancel!, isPossible: () => (looks += 1) === 1 } },
    });
    const requests = await watchRequests(t, 'stripe');
    expect(problemOf(await cancelIn(late, refundId))).toMatchObject({
      type: 'NotCancelable',
      retry: 'NEVER',
    });
    expect(await requests('cancelRefund')).toEqual([]);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
  });

  test.each(['lost-after-effect', 'garbage', 'error-after-effect'])(
    'whose answer to that was lost after the effect (%s) is found to be stopped by reading it',
    async (kind) => {
      const { paymentId, refundId } = await waiting();
      await armStripe(t, kind, { operation: 'cancelRefund' });
      valueOf(await cancel(refundId));
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
      await expectSound(t, paymentId);
    },
  );

  test('whose answer was lost before the effect is not said to be stopped; asked again it is', async () => {
    const { paymentId, refundId } = await waiting();
    await armStripe(t, 'lost-before-effect', { operation: 'cancelRefund' });
    expect(problemOf(await cancel(refundId))).toMatchObject({ code: 'UNKNOWN_OUTCOME', retry: 'WAIT' });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 4_000n });
    valueOf(await cancel(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
    await expectSound(t, paymentId);
  });

  test('that was stopped while it could not be read is unclear to its caller, and looked at soon', async () => {
    const { refundId } = await waiting();
    // Long after it was made it would be looked at once an hour.
    await t.advance(3 * 3_600);
    valueOf(await sync(refundId));
    await armStripe(t, 'error-before-effect', { operation: 'getRefund', times: 20 });
    await armStripe(t, 'error-before-effect', { operation: 'listRefunds', times: 20 });
    expect(problemOf(await cancel(refundId))).toMatchObject({ code: 'UNKNOWN_OUTCOME', retry: 'WAIT' });
    const [leg] = (await refundRow(t, refundId)).legs;
    const { now } = await t.database.db
      .selectNoFrom((eb) => eb.fn<Date>('app_now', []).as('now'))
      .executeTakeFirstOrThrow();
    expect(leg!.next_look_at!.getTime() - now.getTime()).toBeLessThan(60_000);
    await clearFaults(t);
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
  });

  test.each([
    ['rate-limited', 'RATE_LIMITED', 'WAIT'],
    ['unauthorized', 'AUTHENTICATION_FAILED', 'ASK_A_HUMAN'],
  ])('is not called uncancelable where the provider puts the wish off (%s)', async (kind, code, retry) => {
    const { paymentId, refundId } = await waiting();
    await armStripe(t, kind, { operation: 'cancelRefund' });
    const problem = problemOf(await cancel(refundId));
    expect(problem).toMatchObject({ type: 'ProviderProblem', code, retry });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
    valueOf(await cancel(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
    await expectSound(t, paymentId);
  });

  test('refused credentials pause the account, and a wish that is taken ends the pause', async () => {
    const { refundId } = await waiting();
    const health = async () => {
      const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'stripe-demo')!;
      const row = await t.database.db
        .selectFrom('accounts')
        .select('health')
        .where('id', '=', connection.accountId)
        .executeTakeFirstOrThrow();
      return row.health;
    };
    await armStripe(t, 'unauthorized', { operation: 'cancelRefund' });
    problemOf(await cancel(refundId));
    expect(await health()).toBe('CREDENTIALS_REFUSED');
    valueOf(await cancel(refundId));
    expect(await health()).toBe('OK');
  });

  test('that was never asked, since the connection could not be made, stays as it is', async () => {
    const { refundId } = await waiting();
    const world = await t.replica({
      adapter: {
        cancel: {
          ...stripe.cancel!,
          send: (access, known) => stripe.cancel!.send(access as never, known, () => false),
        },
      },
    });
    const requests = await watchRequests(t, 'stripe');
    expect(problemOf(await cancelIn(world, refundId))).toMatchObject({
      type: 'ProviderProblem',
      retry: 'SAME_KEY',
    });
    expect(await requests('cancelRefund')).toEqual([]);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
  });

  test('cannot be retried afterwards: another one is a new refund', async () => {
    const { paymentId, refundId } = await waiting();
    valueOf(await cancel(refundId));
    const retried = await retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 });
    expect(problemOf(retried)).toMatchObject({
      type: 'NotRetryable',
      message: expect.stringContaining('new refund'),
    });
    await stripeMode(t, { refunds: 'instant' });
    const again = stripeCommand(paymentId, 15_000n, { replaces: refundId });
    valueOf(await createRefund(t.world, t.caller(), again));
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 15_000n });
    await expectSound(t, paymentId);
  });
});

describe('a refund that somebody stopped at its provider', () => {
  test('is seen to be canceled by a look', async () => {
    const { paymentId, refundId } = await waiting();
    await settleStripe(t, 'canceled');
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
    await expectSound(t, paymentId);
  });

  test('after its answer was lost is canceled too, and its amount is free', async () => {
    const paymentId = await stripePayment(t, '150.00');
    await armStripe(t, 'lost-after-effect', { operation: 'createRefund' });
    const command = stripeCommand(paymentId, 4_000n);
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
    await settleStripe(t, 'canceled');
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'CANCELED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('and was made elsewhere is not said to be the same as another one', async () => {
    const paymentId = await stripePayment(t, '150.00');
    // By the same key of the account, and without a reference of ours.
    const made = await fetch(`${t.sandbox.stripeUrl}/refunds`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_SimStripeDemo000000000001' },
      body: new URLSearchParams({ payment_intent: paymentId, amount: '2000' }),
    });
    expect(made.status).toBe(200);
    const summary = async () => {
      const data = await ask<{ payment: { refunds: { nodes: { status: string; summary: string }[] } } }>(
        t.world,
        t.caller(),
        `query ($id: String!) { payment(by: { provider: { account: "stripe-demo", paymentId: $id } }, maxAgeSeconds: 0) {
          refunds(first: 5) { nodes { status summary } } } }`,
        { id: paymentId },
      );
      return data.payment.refunds.nodes;
    };
    expect(await summary()).toMatchObject([{ status: 'PENDING' }]);
    await settleStripe(t, 'canceled');
    expect(await summary()).toEqual([
      { status: 'CANCELED', summary: 'Your refund of 20.00 USD was canceled before any money was returned.' },
    ]);
  });
});

async function keyOf(refundId: RefundId): Promise<string> {
  const row = await t.database.db
    .selectFrom('idempotency')
    .select('key')
    .where('refund_id', '=', refundId)
    .executeTakeFirstOrThrow();
  return row.key;
}
