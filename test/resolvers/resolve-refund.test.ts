import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await createTestService('resolve_refund_http');
  const wrong = { provider: 'yookassa', kind: 'wrong-amount', amount: { value: '30.00', currency: 'RUB' } };
  for (const operation of ['createRefund', 'getRefund', 'listRefunds'])
    await service.control('faults', { ...wrong, operation, times: 1000 });
});
afterAll(() => service.close());

const REFUND = `id status version isFinal moneyMovement summary returned { value } allowedActions attention { reason since }
  legs { id providerRefundId } history { kind actor from to evidence } payment { refunded { value } reserved { value } }`;
const RESOLVE = `mutation ($input: ResolveRefundInput!) { resolveRefund(input: $input) {
  refund { ${REFUND} }
  errors { __typename code message path retry ... on StaleVersion { currentVersion } ... on NotResolvable { resolvableAt } } } }`;

interface Refund {
  readonly id: string;
  readonly version: number;
  readonly allowedActions: readonly string[];
  readonly legs: readonly { readonly id: string; readonly providerRefundId: string }[];
  readonly history: readonly unknown[];
}

/** A refund of 40.00 that the provider says was one of 30.00: under review. */
async function reviewed(): Promise<Refund> {
  const input = refundInput(await service.payment('100.00'), '40.00');
  const made = await service.graphql<{ createRefund: { refund: { id: string } } }>(createRefundMutation, {
    input,
  });
  const { id } = made.data.createRefund.refund;
  return (
    await service.graphql<{ refund: Refund }>(`query ($id: ID!) { refund(by: { id: $id }) { ${REFUND} } }`, {
      id,
    })
  ).data.refund;
}

const resolve = async (input: object, merchant: 'demo' | 'other' = 'demo') => {
  const answer = await service.graphql<{ resolveRefund: { refund: Refund | null; errors: unknown[] } }>(
    RESOLVE,
    { input },
    merchant,
  );
  return answer.data?.resolveRefund ?? answer.errors;
};

/** The verdict that is right for `reviewed`. */
const rightInput = (refund: Refund, more: object = {}) => ({
  refund: refund.id,
  expectedVersion: refund.version,
  verdict: {
    returned: {
      amount: { value: '30.00', currency: 'RUB' },
      providerRefundId: refund.legs[0]!.providerRefundId,
      ...more,
    },
  },
  evidence: 'The merchant profile shows 30.00, ticket 1042.',
});

describe('resolveRefund', () => {
  test('takes what a person found out, and keeps who said so and how they know', async () => {
    const refund = await reviewed();
    expect(refund).toMatchObject({
      status: 'MANUAL_REVIEW',
      attention: { reason: 'MANUAL_REVIEW' },
      allowedActions: ['SYNC', 'RESOLVE'],
    });
    const input = rightInput(refund, { leg: refund.legs[0]!.id });
    const resolved = await resolve(input);
    expect(resolved).toMatchObject({
      errors: [],
      refund: {
        status: 'SUCCEEDED',
        isFinal: true,
        moneyMovement: 'PARTLY_RETURNED',
        summary: 'For your refund of 40.00 RUB, 30.00 RUB has been returned.',
        returned: { value: '30.00' },
        attention: null,
        allowedActions: ['SYNC'],
        payment: { refunded: { value: '30.00' }, reserved: { value: '0.00' } },
      },
    });
    expect((resolved as { refund: Refund }).refund.history.at(-1)).toMatchObject({
      kind: 'RESOLVED',
      actor: 'key:test',
      from: 'MANUAL_REVIEW',
      to: 'SUCCEEDED',
      evidence: {
        verdict: 'returned',
        statement: 'The merchant profile shows 30.00, ticket 1042.',
        returnedMinor: '3000',
        currency: 'RUB',
      },
    });
    expect(await resolve(input)).toMatchObject({
      refund: { status: 'SUCCEEDED' },
      errors: [{ __typename: 'StaleVersion', currentVersion: refund.version + 1 }],
    });
  });

  test('tells until when it is too early, with the refund as it stands', async () => {
    const refund = await reviewed();
    const answer = await resolve({ ...rightInput(refund), verdict: { notReturned: {} } });
    expect(answer).toMatchObject({
      refund: { id: refund.id, status: 'MANUAL_REVIEW' },
      errors: [
        {
          __typename: 'NotResolvable',
          code: 'NOT_RESOLVABLE',
          retry: 'WAIT',
          resolvableAt: expect.stringMatching(/^20/),
        },
      ],
    });
  });

  test('of another merchant does not exist, whatever is said about it', async () => {
    const refund = await reviewed();
    expect(await resolve(rightInput(refund), 'other')).toMatchObject({
      refund: null,
      errors: [{ __typename: 'NotFound', path: ['input', 'refund'] }],
    });
    expect(await resolve({ ...rightInput(refund), expectedVersion: 99 }, 'other')).toMatchObject({
      errors: [{ __typename: 'NotFound' }],
    });
  });

  test('names everything that is wrong with the input at once, and changes nothing', async () => {
    const refund = await reviewed();
    const wrong = rightInput(refund, {
      amount: { value: '0.00', currency: 'RUB' },
      noProviderId: true,
      leg: refund.id,
    });
    expect(await resolve({ ...wrong, evidence: ' ' })).toMatchObject({
      refund: null,
      errors: [
        { __typename: 'NotFound', path: ['input', 'verdict', 'returned', 'leg'] },
        { __typename: 'InvalidInput', path: ['input', 'verdict', 'returned', 'amount', 'value'] },
        { __typename: 'InvalidInput', path: ['input', 'verdict', 'returned'] },
        { __typename: 'InvalidInput', path: ['input', 'evidence'] },
      ],
    });
    const amount = { value: '30.00', currency: 'RUB' };
    for (const returned of [{ amount }, { amount, noProviderId: false }, { amount, providerRefundId: null }])
      expect(await resolve({ ...rightInput(refund), verdict: { returned } })).toMatchObject({
        errors: [{ __typename: 'InvalidInput', path: ['input', 'verdict', 'returned'] }],
      });
    expect(await resolve({ ...rightInput(refund), evidence: 'x'.repeat(2001) })).toMatchObject({
      errors: [{ __typename: 'FieldTooLong', path: ['input', 'evidence'] }],
    });
    const both = { ...rightInput(refund).verdict, notReturned: {} };
    expect(await resolve({ ...rightInput(refund), verdict: both })).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    const { data } = await service.graphql(`query ($id: ID!) { refund(by: { id: $id }) { ${REFUND} } }`, {
      id: refund.id,
    });
    expect(data).toEqual({ refund });
  });

  test('counts as moving money: two in one operation do not run', async () => {
    const refund = await reviewed();
    const input = rightInput(refund);
    const { errors } = await service.graphql(
      `mutation ($input: ResolveRefundInput!) { a: resolveRefund(input: $input) { errors { code } } b: resolveRefund(input: $input) { errors { code } } }`,
      { input },
    );
    expect(errors?.[0]?.extensions['code']).toBe('TOO_MANY_MONEY_MUTATIONS');
    expect(await resolve(input)).toMatchObject({ errors: [] });
  });

  test('is among what needs a person until it is decided', async () => {
    const refund = await reviewed();
    const listed = async () => {
      const { data } = await service.graphql<{ refunds: { nodes: { id: string }[] } }>(
        '{ refunds(first: 100, filter: { needsAttention: true }) { nodes { id } } }',
      );
      return data.refunds.nodes.some(({ id }) => id === refund.id);
    };
    expect(await listed()).toBe(true);
    expect(await resolve(rightInput(refund))).toMatchObject({ errors: [] });
    expect(await listed()).toBe(false);
  });
});
