import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Currency } from '../../src/money.ts';
import type { RefundId } from '../../src/ids.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  clearFaults,
  expectSound,
  paymentRow,
  problemOf,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import {
  ACCOUNT,
  armStripe,
  settleStripe,
  stripeCommand,
  stripeMode,
  stripePayment,
} from '../support/stripe.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

const DAY = 86_400;

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('stripe');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await stripeMode(t, { refunds: 'instant', balance: 'enough', refundableDays: 365, traceAfterSeconds: DAY });
});

const connection = () => t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const see = (paymentId: string) => seePayment(t.world, connection(), paymentId);
async function create(
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
  currency: Currency = 'USD',
) {
  const command = stripeCommand(paymentId, minor, more, currency);
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
  return refundRow(t, refundId);
}
const inDashboard = (reference: string, value: string) =>
  t.control('console-refund', { provider: 'stripe', reference, amount: { value, currency: 'USD' } });
const details = async (refund: Awaited<ReturnType<typeof create>>) =>
  (
    await t.database.db
      .selectFrom('provider_refunds')
      .select('details')
      .where('provider_refund_id', '=', refund.legs[0]!.provider_refund_id!)
      .executeTakeFirstOrThrow()
  ).details;

describe('a refund', () => {
  test('of everything and of parts adds up, here and there', async () => {
    const whole = await stripePayment(t, '150.00');
    expect(await create(whole, 'remaining')).toMatchObject({ status: 'SUCCEEDED', returned_minor: 15_000n });
    await expectSound(t, whole);
    const parts = await stripePayment(t, '150.00');
    for (const minor of [4_000n, 1n, 'remaining'] as const)
      expect(await create(parts, minor)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, parts)).toMatchObject({ refunded_minor: 15_000n, reserved_minor: 0n });
    expect((await t.ledgerOf(parts)).refunds.map(({ amountMinor }) => amountMinor).toSorted()).toEqual([
      '1',
      '10999',
      '4000',
    ]);
    expect(problemOf(await createRefund(t.world, t.caller(), stripeCommand(parts, 1n)))).toMatchObject({
      code: 'PAYMENT_NOT_REFUNDABLE',
    });
    await expectSound(t, parts);
  });

  test('of more than is left is refused by us, with the maximum, and Stripe is not asked', async () => {
    const paymentId = await stripePayment(t, '150.00');
    await create(paymentId, 4_000n);
    const requests = await watchRequests(t, 'stripe');
    const refused = await createRefund(t.world, t.caller(), stripeCommand(paymentId, 11_001n));
    expect(problemOf(refused)).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 11_000n, currency: 'USD' },
    });
    expect(await requests('createRefund')).toEqual([]);
  });

  test.each<[Currency, string, bigint, string]>([
    ['JPY', '5000', 1_234n, '1234'],
    ['KWD', '99.990', 12_340n, '12340'],
    ['ISK', '5000.00', 1_234n, '123400'],
    ['UGX', '5000.00', 7n, '700'],
    ['MGA', '5000', 123_400n, '1234'],
  ])('in %s has the amount of the ledger here and there', async (currency, value, minor, wire) => {
    const paymentId = await stripePayment(t, value, { amount: { value, currency } });
    const refund = await create(paymentId, minor, {}, currency);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', returned_minor: minor });
    expect(new URLSearchParams(refund.attempts[0]!.body ?? '').get('amount')).toBe(wire);
    expect((await t.ledgerOf(paymentId)).refunds).toMatchObject([{ amountMinor: minor.toString() }]);
    await expectSound(t, paymentId);
  });

  test.each<[Currency, string, bigint]>([
    ['KWD', '99.990', 12_341n],
    ['MGA', '5000', 123_450n],
  ])(
    'in %s that Stripe cannot count is refused before anything is reserved',
    async (currency, value, minor) => {
      const paymentId = await stripePayment(t, value, { amount: { value, currency } });
      const refused = await createRefund(t.world, t.caller(), stripeCommand(paymentId, minor, {}, currency));
      expect(problemOf(refused).path?.slice(0, 2)).toEqual(['input', 'amount']);
      expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
      expect(await refundRows(t, paymentId)).toEqual([]);
    },
  );

  test('tells Stripe its reason and its metadata beside our reference, and a retry tells them again', async () => {
    const paymentId = await stripePayment(t, '150.00');
    await stripeMode(t, { balance: 'refuse' });
    const more = { reason: 'DUPLICATE', metadata: { ticket: 'T-1', basket: 'ä' } } as const;
    const refund = await create(paymentId, 4_000n, more);
    expect(refund.legs[0]!.failure).toMatchObject({ code: 'INSUFFICIENT_FUNDS', retry: 'RETRY_REFUND' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await stripeMode(t, { balance: 'enough' });
    valueOf(
      await retryRefund(t.world, t.caller(), { refundId: refund.id, expectedRetries: 0, waitMs: 10_000 }),
    );
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'SUCCEEDED' });
    const bodies = after.attempts.map(({ body }) => Object.fromEntries(new URLSearchParams(body ?? '')));
    expect(bodies).toEqual(
      after.attempts.map(({ provider_key: key }) => ({
        payment_intent: paymentId,
        amount: '4000',
        reason: 'duplicate',
        'metadata[order_id]': key,
        'metadata[basket]': 'ä',
        'metadata[ticket]': 'T-1',
      })),
    );
    expect(new Set(after.attempts.map(({ provider_key: key }) => key)).size).toBe(2);
    expect(await details(after)).toMatchObject({ reason: 'duplicate', destination: 'card' });
    await expectSound(t, paymentId);
  });

  test('is the same refund under the same key, with nothing sent', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const command = stripeCommand(paymentId, 4_000n);
    const first = valueOf(await createRefund(t.world, t.caller(), command));
    const requests = await watchRequests(t, 'stripe');
    expect(valueOf(await createRefund(t.world, t.caller(), command))).toEqual({
      refundId: first.refundId,
      replayed: true,
    });
    expect(await requests()).toEqual([]);
  });

  test('with an entry order_id in its metadata is refused', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const command = stripeCommand(paymentId, 4_000n, { metadata: { order_id: 'mine' } });
    expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({
      path: ['input', 'metadata', 'order_id'],
    });
  });
});

describe('a refund that is not final', () => {
  test.each([
    ['pending', 'succeeded', 'SUCCEEDED', 0n, 4_000n],
    ['pending', 'failed', 'FAILED', 0n, 0n],
    ['requires_action', 'succeeded', 'SUCCEEDED', 0n, 4_000n],
    ['requires_action', 'failed', 'FAILED', 0n, 0n],
    ['requires_action', 'canceled', 'CANCELED', 0n, 0n],
  ] as const)('%s, then %s, ends as %s', async (refunds, end, status, reserved, refunded) => {
    await stripeMode(t, { refunds });
    const paymentId = await stripePayment(t, '150.00');
    const refund = await create(paymentId, 4_000n);
    expect(refund).toMatchObject({ status: 'PENDING', legs: [{ raw_status: refunds }] });
    valueOf(await sync(refund.id));
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 4_000n, refunded_minor: 0n });
    await settleStripe(t, end, { refundId: refund.legs[0]!.provider_refund_id });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status });
    expect(await paymentRow(t, paymentId)).toMatchObject({
      reserved_minor: reserved,
      refunded_minor: refunded,
    });
    await expectSound(t, paymentId);
  });

  test.each([
    ['charge_for_pending_refund_disputed', 'PAYMENT_NOT_REFUNDABLE', 'NEVER'],
    ['insufficient_funds', 'INSUFFICIENT_FUNDS', 'RETRY_REFUND'],
    ['expired_or_canceled_card', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ])('and fails with %s says so', async (reason, code, retry) => {
    await stripeMode(t, { refunds: 'pending' });
    const paymentId = await stripePayment(t, '150.00');
    const refund = await create(paymentId, 4_000n);
    await settleStripe(t, 'failed', { all: true, reason });
    valueOf(await sync(refund.id));
    expect((await refundRow(t, refund.id)).legs[0]!.failure).toMatchObject({
      code,
      retry,
      providerCode: reason,
    });
  });

  test('because of the balance tells why it waits', async () => {
    await stripeMode(t, { balance: 'pending' });
    const paymentId = await stripePayment(t, '150.00');
    const refund = await create(paymentId, 4_000n);
    expect(refund).toMatchObject({ status: 'PENDING' });
    expect(await details(refund)).toMatchObject({ pending_reason: 'insufficient_funds' });
  });

  test('30 of 30 payments are found in one list', async () => {
    await stripeMode(t, { refunds: 'pending' });
    const refunds = [];
    for (let made = 0; made < 30; made += 1)
      refunds.push(await create(await stripePayment(t, '15.00'), 100n));
    await settleStripe(t, 'succeeded');
    const requests = await watchRequests(t, 'stripe');
    const legs = refunds.map((refund) => refund.legs[0]!.id);
    expect((await lookAtLegs(t.world, t.caller().viewer.merchantId, legs)).failures).toEqual([]);
    expect((await requests()).map(({ operation }) => operation)).toEqual(['listRefunds']);
    for (const refund of refunds)
      expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('after success', () => {
  test('a refund that fails is REVERSED, and its amount can be refunded again', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const refund = await create(paymentId, 'remaining');
    expect(refund.status).toBe('SUCCEEDED');
    await settleStripe(t, 'reversed', { refundId: refund.legs[0]!.provider_refund_id });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'REVERSED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
    expect(await create(paymentId, 'remaining')).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test.each([
    ['arn', 'ARN'],
    ['rrn', 'RRN'],
  ])('its trace number (%s) comes later and is read by syncRefund', async (given, kind) => {
    await stripeMode(t, { traceAfterSeconds: null });
    const paymentId = await stripePayment(t, '150.00');
    const refund = await create(paymentId, 4_000n);
    const traces = async () => (await refundRow(t, refund.id)).legs[0]!.trace_references;
    valueOf(await sync(refund.id));
    expect(await traces()).toEqual([]);
    const refundId = refund.legs[0]!.provider_refund_id;
    await settleStripe(t, 'succeeded', { refundId, trace: { kind: given, value: '74537502340' } });
    valueOf(await sync(refund.id));
    expect(await traces()).toEqual([{ kind, value: '74537502340' }]);
  });
});

describe('what Stripe refuses', () => {
  test('for the state of the payment, meanwhile refunded in the dashboard', async () => {
    const paymentId = await stripePayment(t, '150.00');
    await see(paymentId);
    await inDashboard(paymentId, '120.00');
    const refund = await create(paymentId, 4_000n);
    expect(refund.status).toBe('FAILED');
    expect(refund.legs[0]!.failure).toMatchObject({ code: 'AMOUNT_EXCEEDS_REFUNDABLE', retry: 'NEVER' });
    await see(paymentId);
    expect(
      (await refundRows(t, paymentId)).map(({ origin, status }) => `${origin} ${status}`).toSorted(),
    ).toEqual(['API FAILED', 'EXTERNAL SUCCEEDED']);
    await expectSound(t, paymentId);
  });

  test('by a code, and for a text of its own that nobody reads', async () => {
    const paymentId = await stripePayment(t, '150.00');
    await armStripe(t, 'refuse', { code: 'charge_not_refundable' });
    expect((await create(paymentId, 100n)).legs[0]!.failure).toMatchObject({
      code: 'PAYMENT_NOT_REFUNDABLE',
    });
    await armStripe(t, 'refuse', { code: 'tooOld' });
    expect((await create(paymentId, 100n)).legs[0]!.failure).toMatchObject({
      code: 'PROVIDER_REJECTED',
      retry: 'ASK_A_HUMAN',
    });
    await expectSound(t, paymentId);
  });

  test('a disputed payment is refused by us', async () => {
    const command = stripeCommand('pi_3DemoStripe0000000000008', 100n);
    expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({
      code: 'PAYMENT_NOT_REFUNDABLE',
    });
  });

  test("another account's payment is not there", async () => {
    const command = stripeCommand('pi_3DemoOther00000000000001', 100n);
    expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({ type: 'NotFound' });
  });

  test('another currency is refused by us', async () => {
    const paymentId = await stripePayment(t, '150.00');
    const refused = await createRefund(t.world, t.caller(), stripeCommand(paymentId, 100n, {}, 'EUR'));
    expect(problemOf(refused)).toMatchObject({ type: 'CurrencyMismatch', expectedCurrency: 'USD' });
  });
});

test('a refund in the dashboard is imported once as EXTERNAL', async () => {
  const paymentId = await stripePayment(t, '150.00');
  await inDashboard(paymentId, '40.00');
  await see(paymentId);
  await see(paymentId);
  expect(await refundRows(t, paymentId)).toMatchObject([
    { origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 4_000n },
  ]);
  await expectSound(t, paymentId);
});

test('pages over a window that has ended stay the same while refunds are made', async () => {
  await t.advance(DAY);
  const from = t.clock.now();
  const paymentId = await stripePayment(t, '250.00');
  for (let made = 0; made < 120; made += 1) await inDashboard(paymentId, '1.00');
  await t.advance(60);
  const to = new Date(t.clock.now().getTime() - 30_000);
  const { adapter, access } = connection();
  const first = await adapter.listRefunds(access, { createdFrom: from, createdTo: to });
  if (first.kind !== 'found') throw new Error(first.kind);
  expect(first.value.refunds).toHaveLength(100);
  await inDashboard(paymentId, '1.00');
  const query = { createdFrom: from, createdTo: to, cursor: first.value.nextCursor! };
  const second = await adapter.listRefunds(access, query);
  if (second.kind !== 'found') throw new Error(second.kind);
  expect(second.value).toMatchObject({ nextCursor: null });
  const ids = [...first.value.refunds, ...second.value.refunds].map((refund) => refund.providerRefundId);
  expect(new Set(ids).size).toBe(120);
  expect(ids).toHaveLength(120);
});
