import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { testMerchants } from '../support/world.ts';
import { poll } from './etag/polling.ts';

let t: TestService;
beforeAll(async () => {
  // Only the keys of `demo` have the scope.
  t = await createTestService('plan_extension', (sandbox) => ({
    merchants: testMerchants(sandbox).map((merchant) => ({
      ...merchant,
      keys: merchant.keys.map((key) => ({
        ...key,
        scopes: merchant.code === 'demo' ? ['read', 'write', 'debug'] : ['read', 'write'],
      })),
      accounts: merchant.accounts.map((account) => ({ ...account, minLookIntervalMs: 0 })),
    })),
  }));
  await t.control('mode', { provider: 'yookassa', refunds: 'pending' });
});
afterAll(() => t.close());

const LIST = `query ($ids: [ID!], $maxAgeSeconds: Int, $waitMs: Int) {
  refunds(first: 10, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) { nodes { id status } } }`;

interface Answer {
  readonly data: unknown;
  readonly extensions?: { readonly plan?: { readonly accounts: readonly object[] } };
}
const ask = async (query: string, variables: Record<string, unknown>, merchant: 'demo' | 'other' = 'demo') =>
  (await t.graphql(query, variables, merchant)) as unknown as Answer;

async function pendingRefund(merchant: 'demo' | 'other'): Promise<string> {
  const paymentId = await t.payment('100.00', { account: `yookassa-${merchant}` });
  const input = refundInput(paymentId, '10.00', {
    payment: { provider: { account: `yookassa-${merchant}`, paymentId } },
  });
  const { data } = await t.graphql(createRefundMutation, { input }, merchant);
  return (data as unknown as { createRefund: { refund: { id: string } } }).createRefund.refund.id;
}

const requestsSince = async (next: number) =>
  (await t.control<{ requests: unknown[] }>(`requests?since=${next}`)).requests.length;
const nextRequest = async () => (await t.control<{ next: number }>('requests')).next;

test('a page that wanted fresh refunds tells its calls, as many as the provider has seen', async () => {
  const ids = [await pendingRefund('demo'), await pendingRefund('demo'), await pendingRefund('demo')];
  const next = await nextRequest();
  const { extensions } = await ask(LIST, { ids, maxAgeSeconds: 0, waitMs: 10_000 });
  expect(extensions?.plan).toEqual({
    complete: true,
    accounts: [
      {
        account: 'yookassa-demo',
        wanted: 3,
        shared: 0,
        lowerBound: 1,
        calls: [
          {
            kind: 'WINDOW_PAGE',
            wanted: 3,
            found: 3,
            requests: 1,
            answered: true,
            tookMs: expect.any(Number) as number,
          },
        ],
        putOff: [],
      },
    ],
  });
  expect(await requestsSince(next)).toBe(1);
});

test('a payment that is seen for the first time is a call, too', async () => {
  const paymentId = await t.payment('100.00');
  const next = await nextRequest();
  const { extensions } = await ask(
    `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }) { id } }`,
    { id: paymentId },
  );
  expect(extensions?.plan).toMatchObject({
    complete: true,
    accounts: [
      { wanted: 1, lowerBound: 1, calls: [{ kind: 'PAYMENT', wanted: 1, found: 1, answered: true }] },
    ],
  });
  const [account] = extensions!.plan!.accounts as { calls: { requests: number }[] }[];
  expect(account!.calls[0]!.requests).toBe(await requestsSince(next));
});

test('what is looked at in the background is not complete, and two fields of one account are one entry', async () => {
  const id = await pendingRefund('demo');
  const background = await ask(LIST, { ids: [id], maxAgeSeconds: 0, waitMs: 0 });
  expect(background.extensions?.plan).toEqual({ complete: false, accounts: [] });
  const other = await pendingRefund('demo');
  const two = await ask(
    `query ($a: ID!, $b: ID!) {
      a: refund(by: { id: $a }, maxAgeSeconds: 0, waitMs: 10000) { id }
      b: refund(by: { id: $b }, maxAgeSeconds: 0, waitMs: 10000) { id } }`,
    { a: id, b: other },
  );
  expect(two.extensions?.plan?.accounts).toHaveLength(1);
});

test('nothing is told where nothing was wanted fresh, nor to a key without the scope', async () => {
  const mine = await pendingRefund('demo');
  const stored = await ask(LIST, { ids: [mine] });
  expect(stored.data).toMatchObject({ refunds: { nodes: [{ id: mine }] } });
  expect(stored.extensions).toBeUndefined();
  const theirs = await pendingRefund('other');
  const next = await nextRequest();
  const fresh = await ask(LIST, { ids: [theirs], maxAgeSeconds: 0, waitMs: 10_000 }, 'other');
  expect(fresh.data).toMatchObject({ refunds: { nodes: [{ id: theirs }] } });
  expect(await requestsSince(next)).toBe(1);
  expect(fresh.extensions).toBeUndefined();
});

test('what is young enough is no call, and nothing of another merchant is ever in a plan', async () => {
  const ids = [await pendingRefund('demo'), await pendingRefund('other')];
  const [first, second] = [
    await ask(LIST, { ids, maxAgeSeconds: 0, waitMs: 10_000 }),
    await ask(LIST, { ids, maxAgeSeconds: 3_600, waitMs: 10_000 }),
  ];
  expect(first.extensions?.plan?.accounts).toMatchObject([{ account: 'yookassa-demo', wanted: 1 }]);
  expect(second.extensions?.plan).toEqual({ complete: true, accounts: [] });
});

test('an answer with a plan has no tag, since a plan is of one answer; any other has one', async () => {
  const mine = await pendingRefund('demo');
  const theirs = await pendingRefund('other');
  const ONE =
    'query ($id: ID!, $maxAgeSeconds: Int) { refund(by: { id: $id }, maxAgeSeconds: $maxAgeSeconds) { id } }';
  const wanted = (query: string, id: string, maxAgeSeconds?: number) => ({
    query,
    variables: query === ONE ? { id, maxAgeSeconds } : { ids: [id], maxAgeSeconds },
  });
  for (const query of [ONE, LIST]) {
    const told = await poll(t, wanted(query, mine, 3_600));
    expect([told.status, told.etag]).toEqual([200, null]);
    expect(told.text).toContain('"plan"');
    const others = [
      await poll(t, wanted(query, mine)),
      await poll(t, wanted(query, theirs, 3_600), { key: 'rf_test_other' }),
    ];
    for (const { status, etag, text } of others) {
      expect([status, etag]).toEqual([200, expect.stringMatching(/^W/)]);
      expect(text).not.toContain('"plan"');
    }
  }
});
