import { afterAll, beforeAll, expect, it } from 'vitest';
import { prismAccounts } from '../support/prism.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { testMerchants } from '../support/world.ts';

// The ordinary suite runs without the library; the native suite has it.
let service: TestService;
beforeAll(async () => {
  service = await createTestService('prism_missing', (sandbox) => ({
    merchants: testMerchants(sandbox).map((merchant) =>
      merchant.code === 'demo'
        ? { ...merchant, accounts: [...merchant.accounts, ...prismAccounts(sandbox)] }
        : merchant,
    ),
  }));
});
afterAll(() => service.close());

const missing = 'The package hyperswitch-prism is not installed.';

interface Created {
  createRefund: {
    refund: { status: string } | null;
    errors: { __typename: string; code: string; message: string; retry: string }[];
  };
}

const refund = async (account: string, paymentId: string, more: object = {}) => {
  const input = refundInput(paymentId, '1.00', {
    payment: { provider: { account, paymentId, ...more } },
    amount: { money: { value: '1.00', currency: 'EUR' } },
  });
  return (await service.graphql<Created>(createRefundMutation, { input })).data.createRefund;
};
const paid = (connector: string) =>
  service.payment('150.00', { provider: 'prism', connector, amount: { value: '150.00', currency: 'EUR' } });

it('says once, for each account, what does not work and what takes its place', () => {
  const lines = service
    .logged()
    .split('\n')
    .filter((line) => line.includes(missing))
    .map((line) => JSON.parse(line) as { level: string | number; account: string; msg: string });
  const told = lines.map(({ account, msg }) => [account, msg.split(':')[0]]);
  expect(told).toEqual([
    ['prism-demo', 'substituted'],
    ['adyen-demo', 'unavailable'],
    ['checkout-demo', 'unavailable'],
  ]);
  const [warning, ...errors] = lines.map(({ level }) => level);
  expect(errors).toEqual([errors[0], errors[0]]);
  expect(errors[0]).not.toBe(warning);
});

it('shows it in `providers`', async () => {
  const { data } = await service.graphql<{
    providers: {
      code: string;
      variants: { name: string; availability: string; availabilityMessage: string }[];
    }[];
  }>(
    '{ providers { code variants { name availability availabilityMessage capabilities { readsPayments } } } }',
  );
  const ways = data.providers.find(({ code }) => code === 'PRISM')?.variants;
  expect(ways).toMatchObject([
    { name: 'stripe', availability: 'SUBSTITUTED', capabilities: { readsPayments: true } },
    { name: 'adyen', availability: 'UNAVAILABLE', capabilities: { readsPayments: false } },
    { name: 'checkout', availability: 'UNAVAILABLE', capabilities: { readsPayments: true } },
  ]);
  for (const { availabilityMessage } of ways ?? []) expect(availabilityMessage).toContain(missing);
  const others = data.providers.filter(({ code }) => code !== 'PRISM').flatMap(({ variants }) => variants);
  expect(new Set(others.map(({ availability }) => availability))).toEqual(new Set(['READY']));
});

it('refunds by the built-in adapter for connector stripe, and by every other account', async () => {
  expect(await refund('prism-demo', await paid('stripe'))).toMatchObject({
    refund: { status: 'SUCCEEDED' },
    errors: [],
  });
  const yookassa = await service.payment('100.00');
  const { data } = await service.graphql<Created>(createRefundMutation, {
    input: refundInput(yookassa, '1.00'),
  });
  expect(data.createRefund).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
});

it.each([
  ['adyen-demo', 'adyen', { declared: { captured: { value: '150.00', currency: 'EUR' } } }],
  ['checkout-demo', 'checkout', {}],
])(
  'answers a refund by %s with PROVIDER_UNAVAILABLE, and keeps nothing',
  async (account, connector, more) => {
    const paymentId = await paid(connector);
    const { refund: made, errors } = await refund(account, paymentId, more);
    expect(made).toBeNull();
    expect(errors).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE', retry: 'SAME_KEY' }]);
    expect(errors[0]?.message).toContain(missing);
    const stored = await service.database.db
      .selectFrom('payments')
      .where('provider_payment_id', '=', paymentId)
      .selectAll()
      .execute();
    expect(stored).toEqual([]);
  },
);

it('takes no declaration in a query', async () => {
  const { errors } = await service.graphql(
    `{ payment(by: { provider: { account: "adyen-demo", paymentId: "X", declared: { captured: { value: "1.00", currency: "EUR" } } } }) { id } }`,
  );
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    path: ['by', 'provider', 'declared'],
  });
});
