import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../src/providers/connections.ts';
import type { Capabilities } from '../../src/providers/provider.ts';
import { ask } from '../support/execute.ts';
import { clearFaults, newKey, type LoggedRequest } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** A page of stale refunds of every account of one merchant, at every provider that there is. */
let t: TestWorld;
let accounts: readonly Connection[];
beforeAll(async () => {
  t = await createTestWorld('page_over_providers');
  const { merchantId } = t.caller().viewer;
  accounts = t.world.connections.all().filter((connection) => connection.merchantId === merchantId);
  for (const account of accounts) await t.control('mode', { ...playedBy(account), refunds: 'pending' });
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const REFUNDS = 100;
/** Of the payments that are refunded several times at once, where a provider takes that. */
const REFUNDS_PER_PAYMENT = 4;

/** The simulator behind an account: what Prism calls is that of its connector. */
const playedBy = ({ adapter: { code } }: Connection) => ({ provider: code === 'prism' ? 'stripe' : code });

const currencies: Readonly<Record<string, string>> = { razorpay: 'MYR', stripe: 'USD', prism: 'USD' };
const currencyOf = ({ adapter: { code }, accountCode }: Connection): string =>
  accountCode === 'yandex-pay-uz' ? 'UZS' : (currencies[code] ?? 'RUB');

interface Logged extends LoggedRequest {
  readonly at: string;
  readonly provider: string;
  readonly account: string | null;
}

interface View {
  readonly id: string;
  readonly status: string;
  readonly freshness: { readonly isStale: boolean };
}

async function pendingRefund(account: Connection, paymentId: string): Promise<string> {
  const { createRefund } = await ask<{ createRefund: { refund: View | null; errors: unknown } }>(
    t.world,
    t.caller(),
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) {
      refund { id status freshness { isStale } } errors { message } } }`,
    {
      input: {
        idempotencyKey: newKey(),
        payment: { provider: { account: account.accountCode, paymentId } },
        amount: { money: { value: '100.00', currency: currencyOf(account) } },
        reason: 'OTHER',
        waitMs: 10_000,
      },
    },
  );
  expect(createRefund).toMatchObject({ refund: { status: 'PENDING' }, errors: [] });
  return createRefund.refund!.id;
}

/** So many refunds under way, of payments with one and, where it may be, with several. */
async function pendingRefunds(
  account: Connection,
  count: number,
): Promise<{ ids: string[]; payments: number }> {
  const { concurrentOperationsPerPayment, severalRefundsPerPayment } = account.adapter.capabilities;
  const mayBeSeveral = severalRefundsPerPayment && concurrentOperationsPerPayment === 'MANY';
  const ids: string[] = [];
  let payments = 0;
  while (ids.length < count) {
    const more = { ...playedBy(account), account: account.accountCode };
    const amount = { value: '1000.00', currency: currencyOf(account) };
    const paymentId = await t.payment('1000.00', { ...more, amount });
    payments += 1;
    const several = payments === 1 && mayBeSeveral ? REFUNDS_PER_PAYMENT : 1;
    for (let n = 0; n < several; n += 1) ids.push(await pendingRefund(account, paymentId));
  }
  return { ids, payments };
}

/** The least of pages over time, one call for each payment or order, and one for each refund. */
const fewestCalls = (
  { listByTime, listByPayment, listPageSize }: Capabilities,
  refunds: number,
  payments: number,
) => Math.min(listByTime ? Math.ceil(refunds / listPageSize) : refunds, listByPayment ? payments : refunds);

test(`a page of ${REFUNDS} stale refunds over all providers costs the fewest calls, all accounts at once`, async () => {
  expect(new Set(accounts.map(({ adapter }) => adapter.code)).size).toBeGreaterThanOrEqual(6);
  const share = Math.floor(REFUNDS / accounts.length);
  const counts = accounts.map((_, index) => share + (index < REFUNDS % accounts.length ? 1 : 0));
  const made = await Promise.all(accounts.map((account, index) => pendingRefunds(account, counts[index]!)));
  const ids = made.flatMap((each) => each.ids);
  expect(ids).toHaveLength(REFUNDS);
  for (const account of accounts)
    await t.control('settle', { ...playedBy(account), all: true, status: 'succeeded' });
  const slowMs = 1_000;
  for (const { provider } of accounts.map(playedBy))
    await t.control('faults', { provider, operation: '*', kind: 'slow', ms: slowMs, times: 1_000 });

  const { next } = await t.control<{ next: number }>('requests');
  const { refunds } = await ask<{ refunds: { nodes: View[] } }>(
    t.world,
    t.caller(),
    `query ($ids: [ID!]!) { refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: 0, waitMs: 10000) {
      nodes { id status freshness { isStale } } } }`,
    { ids },
  );
  const { requests } = await t.control<{ requests: Logged[] }>(`requests?since=${next}`);
  const requestsOf = (asked: Connection): readonly Logged[] =>
    requests.filter(({ account, provider }) =>
      // Some calls do not tell whose they are.
      account === null ? provider === playedBy(asked).provider : account === asked.accountCode,
    );

  const calls = Object.fromEntries(
    accounts.map((account) => [account.accountCode, requestsOf(account).length]),
  );
  const fewest = Object.fromEntries(
    accounts.map(({ accountCode, adapter: { capabilities } }, index) => [
      accountCode,
      fewestCalls(capabilities, counts[index]!, made[index]!.payments),
    ]),
  );
  expect(calls).toEqual(fewest);
  expect(requests.every(({ effect }) => !effect)).toBe(true);
  const states = refunds.nodes.map(({ status, freshness }) => `${status} ${freshness.isStale}`);
  expect(states).toEqual(Array<string>(REFUNDS).fill('SUCCEEDED false'));
  // Every account was asked before any of them had answered.
  const firsts = accounts.map((account) => Date.parse(requestsOf(account)[0]!.at));
  expect(Math.max(...firsts) - Math.min(...firsts)).toBeLessThan(slowMs);
});
