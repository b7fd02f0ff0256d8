import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import { createRefund, newKey } from './mutating.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('create_refund_mutation');
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await t.control('mode', { provider: 'yookassa', refunds: 'instant' });
});

describe('createRefund', () => {
  test('answers a refund with all that is known of it', async () => {
    const payload = await createRefund(t, await t.payment('100.00'), '30.50');
    expect(payload).toMatchObject({
      replayed: false,
      errors: [],
      refund: {
        status: 'SUCCEEDED',
        isFinal: true,
        moneyMovement: 'RETURNED',
        retries: 0,
        amount: { value: '30.50' },
        returned: { value: '30.50' },
        origin: 'API',
        merchant: { code: 'demo' },
        failure: null,
        sources: [
          {
            seller: 'yookassa-demo',
            amount: { value: '30.50' },
            returned: { value: '30.50' },
            platformFee: null,
          },
        ],
        legs: [{ status: 'SUCCEEDED', attempt: 1, failure: null, nextLookAt: expect.any(String) as string }],
        payment: {
          status: 'PARTIALLY_REFUNDED',
          refunded: { value: '30.50' },
          reserved: { value: '0.00' },
          refundable: { value: '69.50' },
        },
        account: { code: 'yookassa-demo', provider: 'YOOKASSA' },
      },
    });
  });

  test('replays the same key with the same content, and the errors are empty', async () => {
    const paymentId = await t.payment('100.00');
    const idempotencyKey = newKey();
    const first = await createRefund(t, paymentId, '10.00', { idempotencyKey });
    const again = await createRefund(t, paymentId, '10.00', { idempotencyKey, waitMs: 0 });
    expect(again).toMatchObject({ replayed: true, errors: [], refund: { id: first.refund!.id } });
  });

  test('names the refund that a reused key or a taken reference belongs to', async () => {
    const paymentId = await t.payment('100.00');
    const same = { idempotencyKey: newKey(), reference: newKey() };
    const { refund } = await createRefund(t, paymentId, '10.00', same);
    const existing = { id: refund!.id };
    expect(await createRefund(t, paymentId, '11.00', same)).toMatchObject({
      refund: null,
      errors: [{ __typename: 'IdempotencyKeyReused', code: 'IDEMPOTENCY_KEY_REUSED', existing }],
    });
    expect(await createRefund(t, paymentId, '11.00', { reference: same.reference })).toMatchObject({
      refund: null,
      errors: [
        { __typename: 'ReferenceTaken', code: 'REFERENCE_TAKEN', path: ['input', 'reference'], existing },
      ],
    });
  });

  test('refuses too much with the maximum, and another currency with the right one', async () => {
    const paymentId = await t.payment('100.00');
    expect(await createRefund(t, paymentId, '100.01')).toMatchObject({
      refund: null,
      errors: [{ __typename: 'AmountExceedsRefundable', refundable: { value: '100.00', currency: 'RUB' } }],
    });
    const dollars = { amount: { money: { value: '1.00', currency: 'USD' } } };
    expect(await createRefund(t, paymentId, '', dollars)).toMatchObject({
      refund: null,
      errors: [{ __typename: 'CurrencyMismatch', expectedCurrency: 'RUB' }],
    });
  });

  test('gives the refund as FAILED with its failure when the provider refuses it; that is no error', async () => {
    await t.control('faults', {
      provider: 'yookassa',
      operation: 'createRefund',
      kind: 'refuse',
      code: 'invalid_request',
    });
    const payload = await createRefund(t, await t.payment('100.00'), '10.00');
    expect(payload).toMatchObject({
      errors: [],
      refund: {
        status: 'FAILED',
        isFinal: true,
        moneyMovement: 'NOT_RETURNED',
        returned: { value: '0.00' },
        legs: [{ status: 'FAILED' }],
        payment: { status: 'CAPTURED', reserved: { value: '0.00' }, refundable: { value: '100.00' } },
      },
    });
    expect(payload.refund).toHaveProperty('failure.code');
  });

  test('never says failed when the answer was lost', async () => {
    const paymentId = await t.payment('100.00');
    await ask(
      t.world,
      t.caller(),
      `{ payment(by: { provider: { account: "yookassa-demo", paymentId: "${paymentId}" } }) { id } }`,
    );
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'lost-after-effect', times: 50 });
    const payload = await createRefund(t, paymentId, '10.00');
    expect(payload).toMatchObject({
      errors: [],
      refund: { isFinal: false, payment: { reserved: { value: '10.00' }, refundable: { value: '90.00' } } },
    });
    expect(['UNKNOWN', 'PENDING']).toContain(payload.refund?.status);
  });
});
