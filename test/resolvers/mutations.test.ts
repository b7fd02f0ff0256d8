import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import { createRefund, mutate, newKey, PAYLOAD } from './mutating.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('mutations');
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await t.control('mode', { provider: 'yookassa', refunds: 'instant' });
});

describe('retryRefund', () => {
  const retry = (input: object) => mutate(t, 'retryRefund', 'RetryRefundInput', input, `replayed ${PAYLOAD}`);

  test('sends what failed again, once for each number of retries', async () => {
    await t.control('faults', {
      provider: 'yookassa',
      operation: 'createRefund',
      kind: 'refuse',
      code: 'invalid_request',
    });
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    expect(refund?.status).toBe('FAILED');
    const input = { refund: refund!.id, expectedRetries: 0, waitMs: 10_000 };
    expect(await retry(input)).toMatchObject({
      replayed: false,
      errors: [],
      refund: { status: 'SUCCEEDED', retries: 1, failure: null, legs: [{ attempt: 2 }] },
    });
    expect(await retry(input)).toMatchObject({ replayed: true, errors: [], refund: { retries: 1 } });
  });

  test('refuses what did not fail, and shows it', async () => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    expect(await retry({ refund: refund!.id, expectedRetries: 0 })).toMatchObject({
      refund: { id: refund!.id, status: 'SUCCEEDED' },
      errors: [{ __typename: 'NotRetryable' }],
    });
  });

  test('names a wrong waitMs and a wrong number', async () => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    const payload = await retry({ refund: refund!.id, expectedRetries: -1, waitMs: -1 });
    expect(payload).toMatchObject({
      refund: null,
      errors: [{ path: ['input', 'waitMs'] }, { path: ['input', 'expectedRetries'] }],
    });
  });
});

describe('cancelRefund', () => {
  test('refuses what was sent, and shows it', async () => {
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    expect(await mutate(t, 'cancelRefund', 'CancelRefundInput', { refund: refund!.id })).toMatchObject({
      refund: { id: refund!.id, status: 'SUCCEEDED' },
      errors: [{ __typename: 'NotCancelable', retry: 'NEVER' }],
    });
  });
});

describe('syncRefund', () => {
  test('asks the provider and answers what is known now', async () => {
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    expect(refund?.status).toBe('PENDING');
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    expect(
      await mutate(t, 'syncRefund', 'SyncRefundInput', { refund: refund!.id, waitMs: 10_000 }),
    ).toMatchObject({
      errors: [],
      refund: { status: 'SUCCEEDED' },
    });
  });

  test('gives the stored refund and the reason when the provider cannot be asked', async () => {
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const { refund } = await createRefund(t, await t.payment('100.00'), '10.00');
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'connect-refused', times: 1000 });
    expect(
      await mutate(t, 'syncRefund', 'SyncRefundInput', { refund: refund!.id, waitMs: 10_000 }),
    ).toMatchObject({
      refund: { id: refund!.id, status: 'PENDING' },
      errors: [{ __typename: 'ProviderProblem', path: ['input', 'refund'] }],
    });
  });
});

describe('cancelPayment', () => {
  const cancel = (paymentId: string, more: object = {}) =>
    mutate(
      t,
      'cancelPayment',
      'CancelPaymentInput',
      {
        idempotencyKey: newKey(),
        payment: { provider: { account: 'yookassa-demo', paymentId } },
        reason: 'REQUESTED_BY_CUSTOMER',
        waitMs: 10_000,
        ...more,
      },
      `outcome payment { status } replayed ${PAYLOAD}`,
    );

  test('releases a hold, and replays by its key', async () => {
    const paymentId = await t.payment('100.00', { status: 'authorized' });
    const idempotencyKey = newKey();
    const voided = { outcome: 'VOIDED', payment: { status: 'CANCELED' }, refund: null, errors: [] };
    expect(await cancel(paymentId, { idempotencyKey })).toMatchObject({ ...voided, replayed: false });
    expect(await cancel(paymentId, { idempotencyKey })).toMatchObject({ ...voided, replayed: true });
  });

  test('refuses a captured payment unless it may be refunded', async () => {
    const paymentId = await t.payment('100.00');
    expect(await cancel(paymentId)).toMatchObject({
      outcome: null,
      payment: null,
      refund: null,
      errors: [{ __typename: 'NotCancelable', path: ['input', 'payment'] }],
    });
    expect(await cancel(paymentId, { ifCaptured: 'REFUND' })).toMatchObject({
      outcome: 'REFUND_CREATED',
      payment: { status: 'REFUNDED' },
      refund: { status: 'SUCCEEDED', amount: { value: '100.00' } },
      errors: [],
    });
  });

  test('names a wrong note and a wrong waitMs at once, and sends nothing', async () => {
    const paymentId = await t.payment('100.00', { status: 'authorized' });
    expect(await cancel(paymentId, { note: 'x'.repeat(1001), waitMs: 30_001 })).toMatchObject({
      outcome: null,
      errors: [
        { __typename: 'FieldTooLong', path: ['input', 'note'] },
        { __typename: 'InvalidInput', path: ['input', 'waitMs'] },
      ],
    });
    expect((await t.ledgerOf(paymentId)).voided).toBe(false);
  });
});
