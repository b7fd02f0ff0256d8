import { ask } from '../support/execute.ts';
import type { TestWorld } from '../support/world.ts';

/** What every mutation answers, as far as the tests look at it. */
export interface Payload {
  readonly refund: { readonly id: string; readonly status: string; readonly retries: number } | null;
  readonly replayed: boolean;
  readonly errors: readonly { readonly __typename: string }[];
}

export const PAYLOAD = `refund {
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
    ... on NotResolvable { resolvableAt }
    ... on StaleVersion { currentVersion }
    ... on CapabilityMissing { capability alternative }
    ... on ProviderProblem { providerCode } }`;

let keys = 0;
/** A key that no test has used. */
export const newKey = () => `mutations-${(keys += 1)}`;

/** Refunds a payment of merchant `demo` in roubles; `more` are further fields of the input. */
export async function createRefund(
  t: TestWorld,
  paymentId: string,
  value: string,
  more: object = {},
): Promise<Payload> {
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

/** Runs a mutation with an input of this type. */
export async function mutate(
  t: TestWorld,
  name: string,
  type: string,
  input: object,
  payload = PAYLOAD,
): Promise<Payload> {
  const source = `mutation ($input: ${type}!) { it: ${name}(input: $input) { ${payload} } }`;
  return (await ask<{ it: Payload }>(t.world, t.caller(), source, { input })).it;
}
