import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settingsOf } from '../../src/commands/credentials.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { providers } from '../../src/providers/registry.ts';
import type { LoggedRequest } from '../support/rules.ts';
import { toyProvider } from './toy/index.ts';
import { createToyService, type ToyService } from './toy-service.ts';

/** A seventh provider, written from docs/adding-a-provider.md alone, through the whole service and its public API. */
let t: ToyService;
beforeAll(async () => {
  t = await createToyService('toy');
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await t.control('mode', { refunds: 'instant' });
});

interface View {
  readonly id: string;
  readonly status: string;
  readonly moneyMovement: string;
  readonly failure: { readonly code: string; readonly providerCode: string | null } | null;
}
interface Payload {
  readonly refund: View | null;
  readonly replayed: boolean;
  readonly errors: readonly { readonly code: string; readonly refundable?: { readonly value: string } }[];
}

const FIELDS = 'id status moneyMovement failure { code providerCode }';
let keys = 0;

async function ask<T>(document: string, variables: Record<string, unknown>): Promise<T> {
  const { data, errors } = await t.graphql<T>(document, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

async function refund(
  paymentId: string,
  value: string,
  more: Record<string, unknown> = {},
): Promise<Payload> {
  const { createRefund } = await ask<{ createRefund: Payload }>(
    `mutation ($input: CreateRefundInput!) { createRefund(input: $input) {
      replayed refund { ${FIELDS} } errors { code ... on AmountExceedsRefundable { refundable { value } } } } }`,
    {
      input: {
        idempotencyKey: `toy-key-${(keys += 1)}`,
        payment: { provider: { account: 'toy-demo', paymentId } },
        amount: { money: { value, currency: 'EUR' } },
        reason: 'REQUESTED_BY_CUSTOMER',
        waitMs: 10_000,
        ...more,
      },
    },
  );
  return createRefund;
}

const now = async ({ refund: made }: Payload): Promise<View> =>
  (
    await ask<{ refund: View }>(`query ($id: ID!) { refund(by: { id: $id }) { ${FIELDS} } }`, {
      id: made!.id,
    })
  ).refund;

/** Time passes, and the engine works, until the refund has this status; at most a day. */
async function becomes(made: Payload, status: string): Promise<void> {
  for (const seconds of [6, 61, 61, 3601, 3601, 14_400]) {
    if ((await now(made)).status === status) return;
    await t.later(seconds);
  }
  expect(await now(made)).toMatchObject({ status });
}

const posts = async (paymentId: string): Promise<readonly LoggedRequest[]> =>
  (await t.control<{ requests: LoggedRequest[] }>('requests')).requests.filter(
    ({ operation, path }) => operation === 'createRefund' && path.includes(paymentId),
  );
const returned = async (paymentId: string): Promise<readonly string[]> =>
  (await t.ledgerOf(paymentId)).refunds
    .filter(({ status }) => status === 'succeeded')
    .map(({ amountMinor }) => amountMinor);

describe('a refund at a provider that nobody has heard of', () => {
  test('of a payment that was never seen returns its money', async () => {
    const payment = await t.payment('100.00');
    const { refund: made, errors } = await refund(payment, '100.00');
    expect(errors).toEqual([]);
    expect(made).toMatchObject({ status: 'SUCCEEDED', moneyMovement: 'RETURNED', failure: null });
    expect(await returned(payment)).toEqual(['10000']);
  });

  test('may be of a part, again and again, and never of more than is left', async () => {
    const payment = await t.payment('100.00');
    for (const part of ['30.00', '20.50'])
      expect((await refund(payment, part)).refund?.status).toBe('SUCCEEDED');
    const tooMuch = await refund(payment, '49.51');
    expect(tooMuch).toMatchObject({
      refund: null,
      errors: [{ code: 'AMOUNT_EXCEEDS_REFUNDABLE', refundable: { value: '49.50' } }],
    });
    expect(await posts(payment)).toHaveLength(2);
    expect((await refund(payment, '', { amount: { remaining: true } })).refund?.status).toBe('SUCCEEDED');
    expect(await returned(payment)).toEqual(['3000', '2050', '4950']);
  });

  test('with a known key is the same refund', async () => {
    const payment = await t.payment('100.00');
    const same = { idempotencyKey: 'toy-same-key' };
    const first = await refund(payment, '10.00', same);
    expect(await refund(payment, '10.00', same)).toMatchObject({
      replayed: true,
      refund: { id: first.refund!.id },
    });
    expect((await refund(payment, '11.00', same)).errors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(await returned(payment)).toEqual(['1000']);
  });

  test.each([
    ['no such payment', 'tp_999999', 'PAYMENT_NOT_FOUND'],
    ['an id that would lead elsewhere', '../refunds/tr_000001', 'PAYMENT_NOT_FOUND'],
  ])('of %s is refused, and nothing is sent', async (_what, id, code) => {
    expect(await refund(id, '1.00')).toMatchObject({ refund: null, errors: [{ code }] });
    expect(await posts(id)).toEqual([]);
  });

  test('that the provider refuses has failed, and its amount is free', async () => {
    const payment = await t.payment('100.00');
    await refund(payment, '1.00');
    await t.control('console-refund', { reference: payment, amount: { value: '90.00', currency: 'EUR' } });
    const made = await refund(payment, '99.00');
    expect(made.refund).toMatchObject({
      status: 'FAILED',
      failure: { code: 'AMOUNT_EXCEEDS_REFUNDABLE', providerCode: 'too_much' },
    });
    expect((await refund(payment, '9.00')).refund?.status).toBe('SUCCEEDED');
  });
});

describe('a lost answer', () => {
  test.each([
    ['after the effect', 'lost-after-effect', 1],
    ['before the effect', 'lost-before-effect', 2],
    ['with an error after the effect', 'error-after-effect', 1],
    ['cut in the middle', 'cut-body', 1],
    ['that cannot be read', 'garbage', 1],
    // A page of something in between: no refusal, since the request may have been passed on.
    ['that is a proxy’s no', 'proxy-says-no', 2],
  ])('%s is found out, and the money moves once', async (_what, kind, sends) => {
    const payment = await t.payment('100.00');
    await t.control('faults', { operation: 'createRefund', kind });
    const made = await refund(payment, '40.00');
    expect(made.refund).toMatchObject({ status: 'UNKNOWN', moneyMovement: 'UNCLEAR' });
    expect(made.errors).toEqual([]);
    await becomes(made, 'SUCCEEDED');
    const sent = await posts(payment);
    expect(sent).toHaveLength(sends);
    expect(new Set(sent.map(({ providerKey, bodyHash }) => `${providerKey} ${bodyHash}`)).size).toBe(1);
    expect(await returned(payment)).toEqual(['4000']);
  });

  test.each(['rate-limited', 'busy', 'unauthorized'])(
    'is none: %s puts it off, and it is sent later',
    async (kind) => {
      const payment = await t.payment('100.00');
      await t.control('faults', { operation: 'createRefund', kind });
      const made = await refund(payment, '40.00');
      expect(made.refund).toMatchObject({ status: 'QUEUED', moneyMovement: 'NOT_STARTED' });
      await becomes(made, 'SUCCEEDED');
      expect(await returned(payment)).toEqual(['4000']);
    },
  );
});

describe('a refund that takes its time', () => {
  test.each([
    ['succeeded', 'SUCCEEDED', 'RETURNED'],
    ['failed', 'FAILED', 'NOT_RETURNED'],
    ['canceled', 'CANCELED', 'NOT_RETURNED'],
  ])('is pending until it has %s', async (status, ours, moneyMovement) => {
    await t.control('mode', { refunds: 'pending' });
    const made = await refund(await t.payment('100.00'), '40.00');
    expect(made.refund).toMatchObject({ status: 'PENDING', moneyMovement: 'IN_FLIGHT' });
    await t.later(6);
    expect(await now(made)).toMatchObject({ status: 'PENDING' });
    await t.control('settle', { all: true, status });
    await becomes(made, ours);
    expect(await now(made)).toMatchObject({ moneyMovement });
  });

  test('and whose money comes back is reversed', async () => {
    const made = await refund(await t.payment('100.00'), '40.00');
    await t.control('settle', { all: true, status: 'reversed' });
    await t.later(86_401);
    expect(await now(made)).toMatchObject({ status: 'REVERSED', moneyMovement: 'NOT_RETURNED' });
  });

  test('with a status that nobody knows stays open until there is one that somebody does', async () => {
    await t.control('faults', { operation: 'createRefund', kind: 'unknown-status' });
    const made = await refund(await t.payment('100.00'), '40.00');
    expect(made.refund).toMatchObject({ status: 'PENDING', moneyMovement: 'IN_FLIGHT' });
    await becomes(made, 'SUCCEEDED');
  });

  test('or returns another amount is for a person', async () => {
    await t.control('faults', { operation: 'createRefund', kind: 'wrong-amount' });
    expect((await refund(await t.payment('100.00'), '40.00')).refund).toMatchObject({
      status: 'MANUAL_REVIEW',
    });
  });
});

test('many stale refunds of a few payments cost one call for each payment', async () => {
  await t.control('mode', { refunds: 'pending' });
  const ids: string[] = [];
  for (const payment of [await t.payment('100.00'), await t.payment('100.00')])
    for (let n = 0; n < 5; n += 1) ids.push((await refund(payment, '10.00')).refund!.id);
  await t.control('settle', { all: true, status: 'succeeded' });
  const { next } = await t.control<{ next: number }>('requests');
  const { refunds } = await ask<{ refunds: { nodes: View[] } }>(
    `query ($ids: [ID!]!) { refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: 0, waitMs: 10000) {
      nodes { ${FIELDS} } } }`,
    { ids },
  );
  expect(refunds.nodes.map(({ status }) => status)).toEqual(Array<string>(10).fill('SUCCEEDED'));
  const { requests } = await t.control<{ requests: LoggedRequest[] }>(`requests?since=${next}`);
  expect(requests.map(({ operation }) => operation)).toEqual(['getPayment', 'getPayment']);
});

test('a payment that is read for a lost answer tells of its other refunds, too', async () => {
  await t.control('mode', { refunds: 'pending' });
  const payment = await t.payment('100.00');
  const pending = await refund(payment, '10.00');
  await t.control('faults', { operation: 'createRefund', kind: 'lost-after-effect' });
  const lost = await refund(payment, '20.00');
  const ids = [pending.refund!.id, lost.refund!.id];
  const asOf = async (maxAgeSeconds?: number) => {
    const { refunds } = await ask<{ refunds: { nodes: (View & { freshness: { asOf: string } })[] } }>(
      `query ($ids: [ID!]!, $maxAgeSeconds: Int) {
        refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: 10000) {
          nodes { ${FIELDS} freshness { asOf } } } }`,
      { ids, maxAgeSeconds },
    );
    expect(refunds.nodes).toHaveLength(2);
    return new Map(refunds.nodes.map(({ id, status, freshness }) => [id, { status, at: freshness.asOf }]));
  };
  const before = await asOf();
  const { next } = await t.control<{ next: number }>('requests');
  const after = await asOf(0);
  const { requests } = await t.control<{ requests: LoggedRequest[] }>(`requests?since=${next}`);
  expect(requests.map(({ operation }) => operation)).toEqual(['getPayment']);
  for (const id of ids) {
    expect(after.get(id)!.status).toBe('PENDING');
    expect(Date.parse(after.get(id)!.at)).toBeGreaterThan(Date.parse(before.get(id)!.at));
  }
});

test.each([
  ['a hold', 'authorized'],
  ['an unpaid payment', 'pending'],
])('%s cannot be stopped where the provider has no such call', async (_what, status) => {
  const paymentId = await t.payment('100.00', { status });
  const { cancelPayment } = await ask<{ cancelPayment: Pick<Payload, 'errors'> }>(
    `mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { errors { code } } }`,
    {
      input: {
        idempotencyKey: `toy-cancel-${status}`,
        payment: { provider: { account: 'toy-demo', paymentId } },
        reason: 'OTHER',
      },
    },
  );
  expect(cancelPayment.errors).toEqual([{ code: 'CAPABILITY_MISSING' }]);
});

describe('the configuration', () => {
  const file = path.join(tmpdir(), `toy-accounts-${process.pid}.json`);
  const write = (credentials: object) =>
    writeFile(
      file,
      JSON.stringify({
        merchants: [
          {
            code: 'demo',
            name: 'Demo',
            keys: [{ name: 'key', sha256: 'a'.repeat(64), scopes: ['read'] }],
            accounts: [{ code: 'toy-shop', provider: 'toy', displayName: 'Toy', credentials }],
          },
        ],
      }),
    );
  const env = { ACCOUNTS_FILE: file };
  const read = (all: typeof providers) => loadConfig(env, { credentials: settingsOf(all) });

  test('of a new provider is checked by the settings that it brings along', async () => {
    await write({ bank: '0001', token: 'toy-secret-token' });
    const [account] = read([...providers, toyProvider]).merchants[0]!.accounts;
    expect(account).toMatchObject({ baseUrl: 'https://api.toy.example', identity: '0001', options: {} });
    await write({ bank: 'one', token: 'toy-secret-token' });
    expect(() => read([...providers, toyProvider])).toThrow(/credentials\.bank/);
  });

  test('knows no provider that is not handed in', async () => {
    await write({ bank: '0001', token: 'toy-secret-token' });
    expect(() => read(providers)).toThrow(ConfigError);
  });
});
