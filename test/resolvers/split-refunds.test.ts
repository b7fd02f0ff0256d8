import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { armFault, clearFaults, refundsAre, watchRequests } from '../support/rules.ts';
import { ask } from '../support/execute.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import { mutate, newKey } from './mutating.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('split_api');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const rub = (value: string) => ({ value, currency: 'RUB' });
const split = () =>
  t.payment('1500.00', {
    sources: [
      { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
      { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
    ],
  });

const PAYLOAD = `refund { id status summary returned { value }
    sources { seller status amount { value } returned { value } platformFee { value } leg { status } } }
  errors { __typename code path retry message
    ... on AmountNotAllocatable { nearest { value } }
    ... on RefundableChanged { refundable { value } }
    ... on AmountExceedsRefundable { refundable { value } }
    ... on CurrencyMismatch { expectedCurrency }
    ... on CapabilityMissing { capability alternative } }`;

const create = (paymentId: string, more: object) =>
  mutate(
    t,
    'createRefund',
    'CreateRefundInput',
    {
      idempotencyKey: newKey(),
      payment: { provider: { account: 'yookassa-demo', paymentId } },
      amount: { remaining: true },
      reason: 'RETURNED_GOODS',
      waitMs: 10_000,
      ...more,
    },
    PAYLOAD,
  );

describe('sources', () => {
  test('say of each seller what is returned and where it stands', async () => {
    const paymentId = await split();
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const { refund, errors } = await create(paymentId, {
      amount: { sources: ['200601', '200602'].map((seller) => ({ seller, amount: rub('100.00') })) },
      feeBearer: 'PLATFORM',
    });
    expect(errors).toEqual([]);
    expect(refund).toMatchObject({ status: 'PARTIALLY_SUCCEEDED', returned: { value: '100.00' } });
    const { sources } = refund as unknown as { sources: { seller: string; status: string }[] };
    expect(sources.map(({ status }) => status).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
    for (const source of sources)
      expect(source).toMatchObject({
        amount: { value: '100.00' },
        platformFee: { value: '10.00' },
        leg: { status: source.status },
      });
  });

  test('may name a commission of zero', async () => {
    const { refund, errors } = await create(await split(), {
      amount: { sources: [{ seller: '200601', amount: rub('100.00'), platformFee: rub('0.00') }] },
    });
    expect(errors).toEqual([]);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', sources: [{ platformFee: null }] });
  });
});

describe('a contradiction is an error of its own, and nothing is sent', () => {
  const fee = { seller: '200601', amount: rub('100.00'), platformFee: rub('10.00') };
  const plain = { seller: '200601', amount: rub('100.00') };
  test.each<[string, object, object]>([
    [
      'no bearer of the commission',
      { amount: { sources: [plain] } },
      { __typename: 'FeeBearerRequired', code: 'FEE_BEARER_REQUIRED', path: ['input', 'feeBearer'] },
    ],
    [
      'a bearer and a commission',
      { amount: { sources: [fee] }, feeBearer: 'SELLER' },
      { __typename: 'InvalidInput', path: ['input', 'amount', 'sources', '0', 'platformFee'] },
    ],
    [
      'an unknown seller',
      { amount: { sources: [{ ...plain, seller: 'nobody' }] }, feeBearer: 'SELLER' },
      { __typename: 'InvalidInput', path: ['input', 'amount', 'sources', '0', 'seller'] },
    ],
    [
      'an amount of nobody in particular',
      { amount: { money: rub('100.00') }, feeBearer: 'SELLER' },
      { __typename: 'AmountNotAllocatable', nearest: { value: '1500.00' }, path: ['input', 'amount'] },
    ],
    [
      'another refundable amount than expected',
      { feeBearer: 'SELLER', expectedRefundable: rub('1499.99') },
      { __typename: 'RefundableChanged', code: 'REFUNDABLE_CHANGED', refundable: { value: '1500.00' } },
    ],
    [
      'a speed that is not there',
      { feeBearer: 'SELLER', speed: 'OPTIMUM' },
      { __typename: 'CapabilityMissing', capability: 'refundSpeeds', path: ['input', 'speed'] },
    ],
    [
      'an id that names no refund',
      { feeBearer: 'SELLER', replaces: 'nothing' },
      { __typename: 'NotFound', path: ['input', 'replaces'] },
    ],
  ])('%s', async (_name, more, error) => {
    const paymentId = await split();
    const requests = await watchRequests(t);
    const { refund, errors } = await create(paymentId, more);
    expect(refund).toBeNull();
    expect(errors).toMatchObject([error]);
    expect(await requests('createRefund')).toEqual([]);
    const { payment } = await ask<{ payment: unknown }>(
      t.world,
      t.caller(),
      `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }) {
        reserved { value } refundable { value } } }`,
      { id: paymentId },
    );
    expect(payment).toEqual({ reserved: { value: '0.00' }, refundable: { value: '1500.00' } });
  });
});

test('cancelPayment passes the bearer of the commission on', async () => {
  const paymentId = await split();
  const input = {
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    reason: 'OTHER',
    ifCaptured: 'REFUND',
    waitMs: 10_000,
  };
  const cancel = (more: object) =>
    mutate(
      t,
      'cancelPayment',
      'CancelPaymentInput',
      { idempotencyKey: newKey(), ...input, ...more },
      PAYLOAD,
    );
  expect((await cancel({})).errors).toMatchObject([{ __typename: 'FeeBearerRequired' }]);
  const { refund, errors } = await cancel({ feeBearer: 'PLATFORM' });
  expect(errors).toEqual([]);
  expect(refund).toMatchObject({
    status: 'SUCCEEDED',
    sources: [{ platformFee: { value: '90.00' } }, { platformFee: { value: '60.00' } }],
  });
});
