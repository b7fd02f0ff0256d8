import { PassThrough } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { findPayment } from '../../src/refunds/find-payment.ts';
import { refundableOf } from '../../src/refunds/refundability.ts';
import type { PaymentRef } from '../../src/refunds/payment-ref.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
/** What was logged as an alarm. */
const alerts: unknown[] = [];
beforeAll(async () => {
  const lines = new PassThrough();
  lines.on('data', (line: Buffer) => {
    const { alert } = JSON.parse(line.toString()) as { alert?: string };
    if (alert !== undefined) alerts.push(alert);
  });
  t = await createTestWorld('find_payment', pino({ level: 'error' }, lines));
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

/** What was found, but for the time at which the row was read. */
async function find(
  ref: PaymentRef | string,
  options: { maxAgeSeconds?: number; waitMs?: number; mayFetch?: () => boolean } = {},
  merchant: 'demo' | 'other' = 'demo',
) {
  const finding = await findPayment(
    t.world,
    t.caller(merchant).viewer.merchantId,
    typeof ref === 'string' ? { account: 'yookassa-demo', paymentId: ref } : ref,
    { waitMs: 10_000, mayFetch: () => true, ...options },
  );
  if (finding.kind !== 'found') return finding;
  const { kind, paymentId } = finding;
  return { kind, paymentId };
}

describe('a payment that was never seen', () => {
  test('is fetched once, and found in the database after that', async () => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    const found = await find(paymentId);
    expect(found).toMatchObject({ kind: 'found' });
    expect(await find(paymentId)).toEqual(found);
    expect(await requests('getPayment')).toHaveLength(1);
  });

  test('that the provider does not know is not asked for again for 30 seconds', async () => {
    const paymentId = '2e000000-000f-5000-8000-00000000aaaa';
    const requests = await watchRequests(t);
    expect(await find(paymentId)).toEqual({ kind: 'absent' });
    expect(await find(paymentId)).toEqual({ kind: 'absent' });
    expect(await requests('getPayment')).toHaveLength(1);
    await t.payment('1500.00', { reference: paymentId });
    await t.advance(31);
    expect(await find(paymentId)).toMatchObject({ kind: 'found' });
  });

  test('is not fetched beyond what the operation may fetch', async () => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    expect(await find(paymentId, { mayFetch: () => false })).toEqual({ kind: 'absent' });
    expect(await requests()).toEqual([]);
    // That was no miss.
    expect(await find(paymentId)).toMatchObject({ kind: 'found' });
  });

  test('is an error when the provider cannot be asked, and no miss', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 3 });
    expect(await find(paymentId)).toMatchObject({
      kind: 'unavailable',
      failure: { code: 'PROVIDER_UNAVAILABLE' },
    });
    expect(await find(paymentId)).toMatchObject({ kind: 'found' });
  });

  test('that takes too long is fetched in the background and stored', async () => {
    const paymentId = await t.payment('1500.00');
    expect(await find(paymentId, { waitMs: 0 })).toMatchObject({ kind: 'unavailable' });
    await expect.poll(() => find(paymentId, { mayFetch: () => false })).toMatchObject({ kind: 'found' });
  });

  test('of another merchant is absent, by code and by id, seen or not', async () => {
    const theirs = await t.payment('1500.00', { account: 'yookassa-other' });
    expect(await find({ account: 'yookassa-other', paymentId: theirs })).toEqual({ kind: 'absent' });
    await find({ account: 'yookassa-other', paymentId: theirs }, {}, 'other');
    const { id } = await paymentRow(t, theirs);
    expect(await find({ id })).toEqual({ kind: 'absent' });
    expect(await find({ account: 'yookassa-other', paymentId: theirs })).toEqual({ kind: 'absent' });
    expect(await find({ id }, {}, 'other')).toEqual({ kind: 'found', paymentId: id });
  });
});

describe('a payment that was seen', () => {
  test('is read again when its facts are older than was asked for, and only then', async () => {
    const paymentId = await t.payment('1500.00');
    await find(paymentId);
    await consoleRefund(t, paymentId, '100.00');
    await t.advance(20);
    const requests = await watchRequests(t);
    await find(paymentId);
    await find(paymentId, { maxAgeSeconds: 60 });
    expect(await requests()).toEqual([]);
    await find(paymentId, { maxAgeSeconds: 10 });
    expect(await requests('getPayment')).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 10_000n });
  });

  test('is answered as it is stored when the provider cannot be asked', async () => {
    const paymentId = await t.payment('1500.00');
    const found = await find(paymentId);
    await t.advance(60);
    await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 3 });
    const { look_retry_at: noTime, ...before } = await paymentRow(t, paymentId);
    expect(noTime).toBeNull();
    expect(await find(paymentId, { maxAgeSeconds: 0 })).toEqual(found);
    const { look_retry_at: retryAt, ...after } = await paymentRow(t, paymentId);
    expect(after).toEqual({ ...before, look_retries: 1 });
    expect(retryAt).not.toBeNull();
  });

  test('is read once for everybody who wants it at the same time', async () => {
    const paymentId = await t.payment('1500.00');
    const found = await find(paymentId);
    await t.advance(20);
    // Long enough that all of them have come when the first answer does.
    await armFault(t, 'slow', { operation: 'getPayment', ms: 500 });
    const requests = await watchRequests(t);
    const findings = await Promise.all(
      Array.from({ length: 20 }, () => find(paymentId, { maxAgeSeconds: 10 })),
    );
    for (const finding of findings) expect(finding).toEqual(found);
    expect(await requests()).toHaveLength(2);
    expect(await requests('getPayment')).toHaveLength(1);
    expect(await requests('listRefunds')).toHaveLength(1);
    // It is over then: the next one asks anew.
    await t.advance(20);
    await find(paymentId, { maxAgeSeconds: 0 });
    expect(await requests('getPayment')).toHaveLength(2);
  });

  test.each([
    ['at its first sight', false],
    ['later', true],
  ])(
    'with a wrong, larger amount %s is refundable by its true one after the next read',
    async (_name, later) => {
      const paymentId = await t.payment('1500.00');
      if (later) await find(paymentId);
      await t.advance(20);
      await armFault(t, 'wrong-amount', {
        operation: 'getPayment',
        amount: { value: '3000.00', currency: 'RUB' },
      });
      await find(paymentId, { maxAgeSeconds: 0 });
      expect(await paymentRow(t, paymentId)).toMatchObject({ captured_minor: 300_000n });
      alerts.length = 0;
      await t.advance(20);
      await find(paymentId, { maxAgeSeconds: 0 });
      // Once, however often it is read.
      await t.advance(20);
      await find(paymentId, { maxAgeSeconds: 0 });
      expect(alerts).toEqual(['PAYMENT_CAPTURED_SHRANK']);
      expect(
        problemOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 150_001n))),
      ).toMatchObject({
        type: 'AmountExceedsRefundable',
        refundable: { minor: 150_000n },
      });
      valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 'remaining')));
      const paid = await paymentRow(t, paymentId);
      expect(paid).toMatchObject({ refunded_minor: 150_000n, reserved_minor: 0n });
      // Also before the provider is read again: its own sum of refunds is older than the refund just made.
      expect(refundableOf(paid)).toBe(0n);
      const requests = await watchRequests(t);
      expect(problemOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1n)))).toMatchObject({
        type: 'PaymentNotRefundable',
      });
      expect(await requests('createRefund')).toEqual([]);
      await expectSound(t, paymentId);
    },
  );
});
