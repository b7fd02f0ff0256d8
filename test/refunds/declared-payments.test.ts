import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEpoch } from '../../src/db/epochs.ts';
import type { RefundId } from '../../src/ids.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import type { DeclaredPayment } from '../../src/refunds/declared-facts.ts';
import { findPayment } from '../../src/refunds/find-payment.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { fakeLibrary } from '../providers/prism/fake-library.ts';
import { pass, recordLog, statusOf } from '../support/engine.ts';
import { armPrism, createPrismWorld, declared, prismCommand, prismPayment } from '../support/prism.ts';
import { clearFaults, newKey, paymentRow, problemOf, refundRow, valueOf } from '../support/rules.ts';
import { notReturned, resolve, returned } from '../support/verdicts.ts';
import type { TestWorld } from '../support/world.ts';

const account = 'adyen-demo';
const day = 86_400;
const path = ['input', 'payment', 'provider', 'declared'];
const recorded = recordLog();
let t: TestWorld;
beforeAll(async () => {
  t = await createPrismWorld('declared_payments', fakeLibrary, recorded.log);
});
beforeEach(async () => {
  await clearFaults(t);
  recorded.clear();
});
afterAll(() => t.close());

const paid = () => prismPayment(t, account);
const refund = (paymentId: string, said: DeclaredPayment | undefined, minor = 4_000n) =>
  createRefund(
    t.world,
    t.caller(),
    prismCommand(account, paymentId, minor, {
      payment: { account, paymentId, ...(said === undefined ? {} : { declared: said }) },
    }),
  );
const refunded = async (paymentId: string, said?: DeclaredPayment, minor?: bigint): Promise<RefundId> =>
  valueOf(await refund(paymentId, said, minor)).refundId;

const reviewsOf = (refundId: RefundId) =>
  t.database.db
    .selectFrom('events')
    .selectAll()
    .where('refund_id', '=', refundId)
    .where('to_status', '=', 'MANUAL_REVIEW')
    .execute();

describe('a payment whose provider cannot be asked', () => {
  it('is not refunded without the word of its caller, and the error says what to give', async () => {
    const paymentId = await paid();
    expect(problemOf(await refund(paymentId, undefined))).toMatchObject({
      type: 'CapabilityMissing',
      capability: 'readsPayments',
      path,
      alternative: 'Say what was captured in `payment.provider.declared`.',
    });
    expect((await t.ledgerOf(paymentId)).refunds).toEqual([]);
  });

  it('is taken as it was declared, by whom, and needs no further word', async () => {
    const paymentId = await paid();
    const capturedAt = new Date('2026-11-01T10:00:00Z');
    await refunded(paymentId, { ...declared, capturedAt, orderReference: 'A-1' });
    await refunded(paymentId);
    const row = await paymentRow(t, paymentId);
    expect(row).toMatchObject({
      facts_from: 'CALLER',
      state: 'CAPTURED',
      captured_minor: 15_000n,
      reserved_minor: 8_000n,
      captured_at: capturedAt,
      order_reference: 'A-1',
    });
    const events = await t.database.db
      .selectFrom('events')
      .selectAll()
      .where('payment_id', '=', row.id)
      .where('kind', '=', 'payment.declared')
      .execute();
    expect(events).toMatchObject([
      {
        source: 'API',
        api_key_id: t.caller().viewer.keyId,
        evidence: { capturedMinor: '15000', currency: 'EUR' },
      },
    ]);
    expect(problemOf(await refund(paymentId, undefined, 7_001n)).type).toBe('AmountExceedsRefundable');
  });

  it.each([
    ['another amount', { captured: { minor: 20_000n, currency: 'EUR' } }, 'INVALID_INPUT', 'value'],
    ['another currency', { captured: { minor: 15_000n, currency: 'USD' } }, 'CURRENCY_MISMATCH', 'currency'],
    ['another time', { capturedAt: new Date('2026-01-01') }, 'INVALID_INPUT', 'capturedAt'],
    ['another order', { orderReference: 'B' }, 'INVALID_INPUT', 'orderReference'],
  ] as const)('keeps what was declared first against %s', async (_name, more, code, field) => {
    const paymentId = await paid();
    await refunded(paymentId, declared);
    await refunded(paymentId, declared);
    const problem = problemOf(await refund(paymentId, { ...declared, ...more }));
    expect([problem.code, problem.path?.at(-1)]).toEqual([code, field]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ captured_minor: 15_000n, currency: 'EUR' });
  });

  it('is one payment with one amount when two are declared at once', async () => {
    const paymentId = await paid();
    const other = { ...declared, captured: { minor: 20_000n, currency: 'EUR' as const } };
    const results = await Promise.all(
      [declared, other, declared, other].map((said) => refund(paymentId, said)),
    );
    const { captured_minor: captured } = await paymentRow(t, paymentId);
    const won = [declared, other, declared, other].map((said) => said.captured.minor === captured);
    expect(results.map(({ ok }) => ok).filter(Boolean)).toHaveLength(2);
    expect(results.map(({ ok }) => ok)).toEqual(won);
  });

  it.each([
    ['an id that cannot be one', '../x', declared, ['input', 'payment', 'provider', 'paymentId']],
    [
      'an amount that cannot be sent',
      undefined,
      { ...declared, captured: { minor: 1_000n, currency: 'KWD' } },
      [...path, 'captured'],
    ],
    [
      'a time to come',
      undefined,
      { ...declared, capturedAt: new Date('2100-01-01') },
      [...path, 'capturedAt'],
    ],
  ] as const)('is not made of %s', async (_name, id, said, place) => {
    const paymentId = id ?? (await paid());
    expect(problemOf(await refund(paymentId, said))).toMatchObject({ type: 'InvalidInput', path: place });
    const rows = await t.database.db
      .selectFrom('payments')
      .where('provider_payment_id', '=', paymentId)
      .selectAll()
      .execute();
    expect(rows).toEqual([]);
  });

  it('of another provider is asked for, and nobody’s word is taken', async () => {
    const paymentId = await t.payment('100.00');
    const command = prismCommand(account, paymentId, 0n, {
      payment: { account: 'yookassa-demo', paymentId, declared },
    });
    expect(problemOf(await createRefund(t.world, t.caller(), command))).toMatchObject({
      type: 'InvalidInput',
      path,
    });
  });

  it('is no error of the provider for a query, and is as it was declared', async () => {
    const paymentId = await paid();
    const ask = (maxAgeSeconds: number) =>
      findPayment(
        t.world,
        t.caller().viewer.merchantId,
        { account, paymentId },
        {
          maxAgeSeconds,
          waitMs: 5_000,
          mayFetch: () => true,
        },
      );
    expect(await ask(0)).toMatchObject({ kind: 'unavailable', failure: { retry: 'NEW_REQUEST' } });
    await refunded(paymentId, declared);
    await t.advance(600);
    expect(await ask(0)).toMatchObject({ kind: 'found' });
    await refunded(paymentId);
    expect(recorded.alerts()).toEqual([]);
  });

  it('is no hold, so that cancelPayment refunds it only when it is asked to', async () => {
    const paymentId = await paid();
    const cancel = (ifCaptured: 'REFUSE' | 'REFUND') =>
      cancelPayment(t.world, t.caller(), {
        idempotencyKey: newKey(),
        payment: { account, paymentId, declared },
        reason: 'DUPLICATE',
        note: null,
        ifCaptured,
        feeBearer: null,
        waitMs: 5_000,
      });
    expect(problemOf(await cancel('REFUSE')).type).toBe('NotCancelable');
    expect(valueOf(await cancel('REFUND'))).toMatchObject({ outcome: 'REFUND_CREATED' });
  });
});

describe('a refund whose provider cannot be asked', () => {
  it('stays pending without alarms, and goes to a person when that is too long', async () => {
    const refundId = await refunded(await paid(), declared);
    await pass(t, t.world, 2 * day, 4);
    expect(await statusOf(t, refundId)).toBe('PENDING');
    expect([...recorded.alerts(), ...recorded.errors()]).toEqual([]);
    await pass(t, t.world, 2 * day, 3);
    expect(await refundRow(t, refundId)).toMatchObject({
      status: 'MANUAL_REVIEW',
      attention: 'MANUAL_REVIEW',
    });
    // Refunds of other tests are handed over as well; each of them once, however often it is passed by.
    expect(new Set(recorded.alerts())).toEqual(new Set(['REFUND_NEEDS_VERDICT']));
    expect(await reviewsOf(refundId)).toHaveLength(1);
    expect(valueOf(await syncRefund(t.world, t.caller(), { refundId, waitMs: 5_000 }))).toBeDefined();
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
  });

  it.each([
    ['returned', 'SUCCEEDED'],
    ['not returned', 'FAILED'],
  ])('ends by a verdict: %s', async (word, status) => {
    const paymentId = await paid();
    const refundId = await refunded(paymentId, declared);
    await pass(t, t.world, 11 * day);
    const [leg] = (await refundRow(t, refundId)).legs;
    const verdict =
      word === 'returned'
        ? returned(4_000n, {
            amount: { minor: 4_000n, currency: 'EUR' },
            providerRefundId: leg!.provider_refund_id,
          })
        : notReturned;
    expect(valueOf(await resolve(t, refundId, verdict))).toEqual({ refundId });
    expect(await statusOf(t, refundId)).toBe(status);
    const row = await paymentRow(t, paymentId);
    expect([row.refunded_minor, row.reserved_minor]).toEqual([status === 'SUCCEEDED' ? 4_000n : 0n, 0n]);
    await pass(t, t.world, day, 2);
    expect(await statusOf(t, refundId)).toBe(status);
    if (status === 'SUCCEEDED') return;
    valueOf(await retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 5_000 }));
    expect(await statusOf(t, refundId)).toBe('PENDING');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(2);
  });

  it.each(['lost-before-effect', 'lost-after-effect'])(
    'goes to a person at once when its answer is %s',
    async (kind) => {
      const paymentId = await paid();
      await armPrism(t, account, kind);
      const refundId = await refunded(paymentId, declared);
      await pass(t, t.world, 10);
      const row = await refundRow(t, refundId);
      expect(row).toMatchObject({ status: 'MANUAL_REVIEW', attempts: [{ sends: 1 }] });
      const events = await reviewsOf(refundId);
      expect(events[0]?.evidence).toMatchObject({ instructions: expect.stringContaining('Customer Area') });
      await pass(t, t.world, day, 2);
      expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(kind === 'lost-after-effect' ? 1 : 0);
      const named = returned(4_000n, {
        amount: { minor: 4_000n, currency: 'EUR' },
        providerRefundId: 'ABCDEF0123456789',
      });
      expect(problemOf(await resolve(t, refundId, named)).message).toContain('noProviderId');
      const unnamed = returned(4_000n, { amount: { minor: 4_000n, currency: 'EUR' } });
      expect(valueOf(await resolve(t, refundId, unnamed))).toEqual({ refundId });
    },
  );

  it('goes to a person when the answer names another amount', async () => {
    const paymentId = await paid();
    await armPrism(t, account, 'wrong-amount');
    const refundId = await refunded(paymentId, declared);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect(recorded.alerts()).toEqual(['REFUND_AMOUNT_DIFFERS']);
  });
});

// Last: it lasts for the whole database.
describe('after a restore', () => {
  it('nothing is refunded of what may have been refunded before, whenever it was declared', async () => {
    const known = await paid();
    await refunded(known, declared);
    await openEpoch(t.database.db);
    const forgotten = await paid();
    for (const paymentId of [known, forgotten]) {
      expect(problemOf(await refund(paymentId, declared))).toMatchObject({
        type: 'PaymentNotRefundable',
        retry: 'ASK_A_HUMAN',
      });
    }
    expect((await t.ledgerOf(forgotten)).refunds).toEqual([]);
    await t.advance(60);
    const capturedAt = new Date(t.clock.now().getTime() - 30_000);
    expect(await statusOf(t, await refunded(await paid(), { ...declared, capturedAt }))).not.toBe('FAILED');
  });
});
