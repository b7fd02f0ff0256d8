import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('mutations');
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await t.control('mode', { provider: 'yookassa', refunds: 'instant' });
});

interface Payload {
  readonly refund: { readonly id: string; readonly status: string; readonly retries: number } | null;
  readonly replayed: boolean;
  readonly errors: readonly { readonly __typename: string }[];
}

const PAYLOAD = `refund {
    id status isFinal moneyMovement retries version amount { value } returned { value } origin merchant { code }
    failure { code retry message } sources { seller amount { value } returned { value } platformFee { value } leg { id } }
    legs { id status attempt failure { code } nextLookAt } traceReferences { kind value availability }
    payment { status refunded { value } reserved { value } refundable { value } } account { code provider } }
  errors { __typename code path retry message
    ... on AmountExceedsRefundable { refundable { value currency } }
    ... on IdempotencyKeyReused { existing { id } }
    ... on ReferenceTaken { existing { id } }
    ... on CurrencyMismatch { expectedCurrency }
    ... on OperationInProgress { existing { id } retryAfterMs }
    ... on CapabilityMissing { capability alternative }
    ... on ProviderProblem { providerCode } }`;

let keys = 0;
const newKey = () => `mutations-${(keys += 1)}`;

async function createRefund(paymentId: string, value: string, more: object = {}): Promise<Payload> {
  const data = await ask<{ createRefund: Payload }>(
    t.world,
    t.caller(),
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) { replayed ${PAYLOAD} } }`,
    {
      input: {
        idempotencyKey: newKey(),
        payment: { provider: { account: 'yookassa-demo', paymentId } },
        amount: { money: { value, currency: 'RUB' } },
        reason: 'REQUESTED_BY_CUSTOMER',
        waitMs: 10_000,
        ...more,
      },
    },
  );
  return data.createRefund;
}

async function mutate(name: string, type: string, input: object, payload = PAYLOAD): Promise<Payload> {
  const source = `mutation ($input: ${type}!) { it: ${name}(input: $input) { ${payload} } }`;
  return (await ask<{ it: Payload }>(t.world, t.caller(), source, { input })).it;
}

describe('createRefund', () => {
  test('answers a refund with all that is known of it', async () => {
    const payload = await createRefund(await t.payment('100.00'), '30.50');
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
        legs: [{ status: 'SUCCEEDED', attempt: 1, failure: null, nextLookAt: null }],
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
    const first = await createRefund(paymentId, '10.00', { idempotencyKey });
    const again = await createRefund(paymentId, '10.00', { idempotencyKey, waitMs: 0 });
    expect(again).toMatchObject({ replayed: true, errors: [], refund: { id: first.refund!.id } });
  });

  test('names the refund that a reused key or a taken reference belongs to', async () => {
    const paymentId = await t.payment('100.00');
    const same = { idempotencyKey: newKey(), reference: newKey() };
    const { refund } = await createRefund(paymentId, '10.00', same);
    const existing = { id: refund!.id };
    expect(await createRefund(paymentId, '11.00', same)).toMatchObject({
      refund: null,
      errors: [{ __typename: 'IdempotencyKeyReused', code: 'IDEMPOTENCY_KEY_REUSED', existing }],
    });
    expect(await createRefund(paymentId, '11.00', { reference: same.reference })).toMatchObject({
      refund: null,
      errors: [
        { __typename: 'ReferenceTaken', code: 'REFERENCE_TAKEN', path: ['input', 'reference'], existing },
      ],
    });
  });

  test('refuses too much with the maximum, and another currency with the right one', async () => {
    const paymentId = await t.payment('100.00');
    expect(await createRefund(paymentId, '100.01')).toMatchObject({
      refund: null,
      errors: [{ __typename: 'AmountExceedsRefundable', refundable: { value: '100.00', currency: 'RUB' } }],
    });
    const dollars = { amount: { money: { value: '1.00', currency: 'USD' } } };
    expect(await createRefund(paymentId, '', dollars)).toMatchObject({
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
    const payload = await createRefund(await t.payment('100.00'), '10.00');
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
    const payload = await createRefund(paymentId, '10.00');
    expect(payload).toMatchObject({
      errors: [],
      refund: { isFinal: false, payment: { reserved: { value: '10.00' }, refundable: { value: '90.00' } } },
    });
    expect(['UNKNOWN', 'PENDING']).toContain(payload.refund?.status);
  });
});

describe('retryRefund', () => {
  const retry = (input: object) => mutate('retryRefund', 'RetryRefundInput', input, `replayed ${PAYLOAD}`);

  test('sends what failed again, once for each number of retries', async () => {
    await t.control('faults', {
      provider: 'yookassa',
      operation: 'createRefund',
      kind: 'refuse',
      code: 'invalid_request',
    });
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
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
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
    expect(await retry({ refund: refund!.id, expectedRetries: 0 })).toMatchObject({
      refund: { id: refund!.id, status: 'SUCCEEDED' },
      errors: [{ __typename: 'NotRetryable' }],
    });
  });

  test('names a wrong waitMs and a wrong number', async () => {
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
    const payload = await retry({ refund: refund!.id, expectedRetries: -1, waitMs: -1 });
    expect(payload).toMatchObject({
      refund: null,
      errors: [{ path: ['input', 'waitMs'] }, { path: ['input', 'expectedRetries'] }],
    });
  });
});

describe('cancelRefund', () => {
  test('refuses what was sent, and shows it', async () => {
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
    expect(await mutate('cancelRefund', 'CancelRefundInput', { refund: refund!.id })).toMatchObject({
      refund: { id: refund!.id, status: 'SUCCEEDED' },
      errors: [{ __typename: 'NotCancelable', retry: 'NEVER' }],
    });
  });
});

describe('syncRefund', () => {
  test('asks the provider and answers what is known now', async () => {
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
    expect(refund?.status).toBe('PENDING');
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    expect(
      await mutate('syncRefund', 'SyncRefundInput', { refund: refund!.id, waitMs: 10_000 }),
    ).toMatchObject({
      errors: [],
      refund: { status: 'SUCCEEDED' },
    });
  });

  test('gives the stored refund and the reason when the provider cannot be asked', async () => {
    await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
    const { refund } = await createRefund(await t.payment('100.00'), '10.00');
    await t.control('faults', { provider: 'yookassa', operation: '*', kind: 'connect-refused', times: 1000 });
    expect(
      await mutate('syncRefund', 'SyncRefundInput', { refund: refund!.id, waitMs: 10_000 }),
    ).toMatchObject({
      refund: { id: refund!.id, status: 'PENDING' },
      errors: [{ __typename: 'ProviderProblem', path: ['input', 'refund'] }],
    });
  });
});

describe('cancelPayment', () => {
  const cancel = (paymentId: string, more: object = {}) =>
    mutate(
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
