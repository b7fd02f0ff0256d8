import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stateReadsOf } from '../../../src/db/read-states.ts';
import { encodeGlobalId, type MerchantId, type RefundId } from '../../../src/ids.ts';
import { createConnections, type Connection } from '../../../src/providers/connections.ts';
import { createValidators } from '../../../src/resolvers/validators.ts';
import { createTestService, refundInput, type TestService } from '../../support/service.ts';
import { testMerchants } from '../../support/world.ts';
import { READER, withReader } from './play.ts';
import { poll } from './polling.ts';

let service: TestService;
beforeAll(async () => {
  service = await createTestService(
    'conditional',
    (sandbox) => ({ merchants: withReader(testMerchants(sandbox)) }),
    { movableClock: true },
  );
});
afterAll(() => service.close());
beforeEach(async () => {
  await service.control('faults', undefined, 'DELETE');
  await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
});

const FIELDS = 'id status isFinal version freshness { asOf isStale pollAfterMs }';
const ONE = `query One($id: ID!, $maxAgeSeconds: Int, $waitMs: Int) {
  refund(by: { id: $id }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) { ${FIELDS} } }`;
const LIST = `query List($filter: RefundFilter, $maxAgeSeconds: Int) {
  refunds(first: 100, filter: $filter, maxAgeSeconds: $maxAgeSeconds) { nodes { ${FIELDS} } pageInfo { hasNextPage } } }`;

interface Made {
  readonly id: string;
  readonly paymentId: string;
}

async function makeRefund(value = '10.00'): Promise<Made> {
  const paymentId = await service.payment('100.00');
  const { data } = await service.graphql<{
    createRefund: { refund: { id: string; payment: { id: string } } };
  }>(
    'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id payment { id } } errors { message } } }',
    { input: refundInput(paymentId, value) },
  );
  const { refund } = data.createRefund;
  return { id: refund.id, paymentId: refund.payment.id };
}

const look = (id: string) =>
  service.graphql(
    'mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 5000 }) { errors { message } } }',
    { id },
  );
const paymentOf = async (id: string) => {
  const { data } = await service.graphql<{ refund: { payment: { id: string } } }>(
    'query ($id: ID!) { refund(by: { id: $id }) { payment { id } } }',
    { id },
  );
  return data.refund.payment;
};
async function advance(advanceSeconds: number): Promise<void> {
  const { offsetSeconds } = await service.control<{ offsetSeconds: number }>('clock', { advanceSeconds });
  await service.app.moveClock(offsetSeconds);
}
const settleAll = () => service.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });

describe('an answer to GET', () => {
  test('has a tag, and headers that say who may keep it and how fresh it is', async () => {
    const { id } = await makeRefund();
    const answer = await poll(service, { query: ONE, variables: { id } });
    expect(answer.status).toBe(200);
    const { freshness } = answer.data!['refund'] as { freshness: Record<string, unknown> };
    expect(answer.etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'private, no-cache',
      vary: 'Authorization, Accept',
      'x-as-of': freshness['asOf'],
      'x-is-stale': String(freshness['isStale']),
      'x-poll-after-ms': String(freshness['pollAfterMs']),
    });
  });

  test('is 304 with the same headers and no body while nothing has changed', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(service, wanted);
    const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.text, second.etag]).toEqual([304, '', first.etag]);
    // `x-poll-after-ms` counts down to the next look.
    expect(second.headers.get('x-poll-after-ms')).toMatch(/^\d+$/);
    for (const name of ['cache-control', 'vary', 'x-as-of', 'x-is-stale'])
      expect(second.headers.get(name), name).toBe(first.headers.get(name));
    expect([second.headers.get('content-length'), second.headers.get('content-type')]).toEqual([null, null]);
    expect(service.logged()).toMatch(/"status":304,.*"operationType":"query","operationName":"One"/);
  });

  test('is whole again, with another tag, when the refund has changed', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(service, wanted);
    await settleAll();
    await look(id);
    const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
    expect(second.status).toBe(200);
    expect(second.data).toMatchObject({ refund: { status: 'SUCCEEDED', freshness: { pollAfterMs: null } } });
    expect(second.etag).not.toBe(first.etag);
    expect(second.headers.get('x-poll-after-ms')).toBe('null');
  });

  test('to HEAD has the headers of GET', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const head = await poll(service, wanted, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(await poll(service, wanted, { method: 'HEAD', ifNoneMatch: head.etag! })).toMatchObject({
      status: 304,
    });
    expect(await poll(service, wanted, { ifNoneMatch: head.etag! })).toMatchObject({ status: 304 });
  });
});

describe('a list', () => {
  test('is 304 until a refund of it changes or is made', async () => {
    const { id, paymentId } = await makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId } } };
    let last = await poll(service, wanted);
    // Others that write in the same server may hold the horizon back for a moment: then the tag changes once.
    await expect
      .poll(
        async () => {
          const answer = await poll(service, wanted, { ifNoneMatch: last.etag! });
          if (answer.status === 200) last = answer;
          return answer.status;
        },
        { timeout: 30_000 },
      )
      .toBe(304);
    await settleAll();
    await look(id);
    const changed = await poll(service, wanted, { ifNoneMatch: last.etag! });
    expect(changed).toMatchObject({ status: 200, data: { refunds: { nodes: [{ status: 'SUCCEEDED' }] } } });
    await service.graphql(
      'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { replayed } }',
      {
        input: { ...refundInput('', '5.00'), payment: { id: paymentId } },
      },
    );
    const longer = await poll(service, wanted, { ifNoneMatch: changed.etag! });
    expect((longer.data!['refunds'] as { nodes: unknown[] }).nodes).toHaveLength(2);
  });

  test('that this process has not answered yet is answered again, since nothing tells how fresh it is', async () => {
    const { paymentId } = await makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId }, maxAgeSeconds: 600 } };
    const first = await poll(service, wanted);
    const replica = await service.startReplica();
    try {
      const there = await poll(service, wanted, { ifNoneMatch: first.etag!, at: replica });
      expect(there.status).toBe(200);
    } finally {
      await replica.close();
    }
  });

  test.each([
    ['by the number of an order', '{ refunds(filter: { orderReference: "7" }) { nodes { id } } }'],
    [
      'from a time on',
      '{ refunds(filter: { status: FAILED, createdAt: { from: "2026-01-01T00:00:00Z" } }) { nodes { id } } }',
    ],
    ['with the money of payments', '{ refunds { nodes { payment { refunded { value } } } } }'],
    ['with a cursor of now', '{ refunds { nodes { id } changesCursor } }'],
    ['beside another one', '{ one: refunds { nodes { id } } two: refunds(first: 1) { nodes { id } } }'],
    ['of changes', '{ refundChanges { cursor } }'],
  ])('%s has no tag', async (_name, query) => {
    const answer = await poll(service, { query });
    expect([answer.status, answer.etag, answer.headers.get('cache-control')]).toEqual([
      200,
      null,
      'no-store',
    ]);
  });
});

describe('a change between what the tag is made of and the execution', () => {
  test('makes the answer newer than its tag, and the next one is whole with another tag', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(service, wanted);
    const rowId = Buffer.from(id, 'base64').toString().split(':')[1]!;
    // Right behind the read that the tag is made of.
    const reads = stateReadsOf(service.app.world.db);
    const { refund } = reads;
    let raced = 0;
    Object.assign(reads, {
      refund: async (merchantId: MerchantId, key: RefundId) => {
        const state = await refund(merchantId, key);
        raced += 1;
        await sql`UPDATE refunds SET note = 'raced', version = version + 1 WHERE id = ${rowId}`.execute(
          service.database.db,
        );
        return state;
      },
    });
    const raced200 = await poll(service, wanted);
    Object.assign(reads, { refund });
    expect(raced).toBe(1);
    const version = (first.data!['refund'] as { version: number }).version;
    expect([raced200.etag, raced200.data]).toMatchObject([first.etag, { refund: { version: version + 1 } }]);
    const next = await poll(service, wanted, { ifNoneMatch: raced200.etag! });
    expect([next.status, next.data]).toMatchObject([200, { refund: { version: version + 1 } }]);
    expect(next.etag).not.toBe(raced200.etag);
  });
});

describe('a look that is due', () => {
  const calls = async () =>
    (await service.control<{ requests: unknown[] }>('requests?provider=yookassa')).requests.length;

  test('is started before a 304, and what it finds is in the next answer', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id, maxAgeSeconds: 600 } };
    const first = await poll(service, wanted);
    await settleAll();
    await advance(1_200);
    const before = await calls();
    const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.headers.get('x-is-stale')]).toEqual([304, 'true']);
    await expect.poll(calls, { timeout: 30_000 }).toBeGreaterThan(before);
    await expect
      .poll(async () => (await poll(service, wanted, { ifNoneMatch: first.etag! })).data, { timeout: 30_000 })
      .toMatchObject({ refund: { status: 'SUCCEEDED' } });
  });

  test('is waited for where waitMs asks for it, and no 304 hides what it finds', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id, maxAgeSeconds: 0, waitMs: 10_000 } };
    const first = await poll(service, wanted);
    await settleAll();
    const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.data]).toMatchObject([200, { refund: { status: 'SUCCEEDED' } }]);
  });

  test('of a list is started before a 304, too', async () => {
    const { paymentId } = await makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId }, maxAgeSeconds: 600 } };
    let last = await poll(service, wanted);
    await settleAll();
    await advance(1_200);
    await expect
      .poll(
        async () => {
          last = await poll(service, wanted, { ifNoneMatch: last.etag! });
          return last.data;
        },
        { timeout: 30_000 },
      )
      .toMatchObject({ refunds: { nodes: [{ status: 'SUCCEEDED' }] } });
  });

  test('that has found nothing new is told by the headers of the 304', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(service, wanted);
    await advance(3_600);
    await look(id);
    const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
    expect(second.status).toBe(304);
    const ageMs = Date.parse(second.headers.get('x-as-of')!) - Date.parse(first.headers.get('x-as-of')!);
    expect(ageMs).toBeGreaterThanOrEqual(3_600_000);
    expect(Number(second.headers.get('x-poll-after-ms'))).toBeGreaterThan(
      Number(first.headers.get('x-poll-after-ms')),
    );
  });
});

describe('a tag', () => {
  test('means nothing to another key, another merchant, another request or another media type', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(service, wanted);
    const ifNoneMatch = etag!;
    const others = await Promise.all([
      poll(service, wanted, { ifNoneMatch, key: 'rf_test_other' }),
      poll(service, wanted, { ifNoneMatch, key: READER }),
      poll(service, { ...wanted, variables: { id, maxAgeSeconds: 86_400 } }, { ifNoneMatch }),
      poll(service, { ...wanted, query: `${ONE} ` }, { ifNoneMatch }),
      poll(service, { ...wanted, operationName: 'One' }, { ifNoneMatch }),
      poll(service, wanted, { ifNoneMatch, accept: 'application/graphql-response+json' }),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set([etag, ...others.map((other) => other.etag)]).size).toBe(7);
    expect(others[0]!.data).toEqual({ refund: null });
  });

  test("of another merchant's refund is that of one that does not exist", async () => {
    const { id } = await makeRefund();
    const nobody = encodeGlobalId('Refund', '01a20000-0000-7000-8000-000000000000');
    const headersOf = async (of: string) => {
      const { headers, data } = await poll(
        service,
        { query: ONE, variables: { id: of } },
        { key: 'rf_test_other' },
      );
      return [data, headers.get('x-as-of'), headers.get('cache-control')];
    };
    expect(await headersOf(id)).toEqual(await headersOf(nobody));
  });

  test.each([
    ['among others', (tag: string) => `"one", ${tag}, W/"two,three"`, 304],
    ['without the mark of a weak one', (tag: string) => tag.slice(2), 304],
    ['any at all', () => '*', 304],
    ['another one', () => 'W/"AAAAAAAAAAAAAAAAAAAAAA"', 200],
    ['without quotes', (tag: string) => tag.replaceAll('"', ''), 200],
  ])('%s', async (_name, header, status) => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(service, wanted);
    const answer = await poll(service, wanted, { ifNoneMatch: header(etag!) });
    expect([answer.status, answer.etag]).toEqual([status, etag]);
  });

  test('of before a restore matches nothing any more', async () => {
    const { id } = await makeRefund();
    const ids = [id, (await paymentOf(id)).id];
    const asked = ids.map((one) => ({ query: '{ node(id: "ID") { id } }'.replace('ID', one) }));
    const before = await Promise.all(asked.map((wanted) => poll(service, wanted)));
    await sql`SELECT open_feed_epoch(true)`.execute(service.database.db);
    const after = await Promise.all(
      asked.map((wanted, index) => poll(service, wanted, { ifNoneMatch: before[index]!.etag! })),
    );
    expect(after.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('is the same in every process that is configured alike', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const { etag } = await poll(service, wanted);
    const replica = await service.startReplica();
    try {
      expect(await poll(service, wanted, { ifNoneMatch: etag!, at: replica })).toMatchObject({ status: 304 });
    } finally {
      await replica.close();
    }
  });
});

describe('what is shown of accounts', () => {
  test('makes tags other ones when it is configured otherwise', async () => {
    const { world } = service.app;
    const all = world.connections.all();
    const configured = (connections: readonly Connection[]) =>
      createValidators({ ...world, connections: createConnections(connections, []) }).configuration;
    const [first, ...others] = all;
    const arrivalDays = { min: 1, max: 4 };
    const adapter = { ...first!.adapter, hidesRefundId: !first!.adapter.hidesRefundId };
    const different = [
      [{ ...first!, arrivalDays }, ...others],
      [{ ...first!, adapter }, ...others],
      others,
    ].map(configured);
    expect(new Set([configured(all), ...different]).size).toBe(4);
    expect(configured(all.toReversed())).toBe(configured(all));
  });
});

describe('no tag, and nothing to keep, has an answer', () => {
  test.each([
    ['to what depends on time', 'refund(by: { id: $id }) { allowedActions }'],
    ['to what every look moves', 'refund(by: { id: $id }) { legs { nextLookAt } }'],
    ['with a row that has no version', 'refund(by: { id: $id }) { account { health } }'],
    ['with another refund', 'refund(by: { id: $id }) { replaces { id } }'],
    ['with such a field in a fragment', 'refund(by: { id: $id }) { ...late }'],
    ['by another name', 'refund(by: { reference: "unknown" }) { status }'],
    ['beside a field that has none', 'refund(by: { id: $id }) { status } viewer { keyName }'],
    ['to a root in a fragment', '... on Query { refund(by: { id: $id }) { status } }'],
    ['with an error', 'refund(by: { id: $id }) { summary(locale: "ru") }'],
  ])('%s', async (_name, selected) => {
    const { id } = await makeRefund();
    const query = `query ($id: ID!) { ${selected} node(id: $id) { id } }${
      selected.includes('...late') ? ' fragment late on Refund { payment { refundability { state } } }' : ''
    }`;
    const answer = await poll(service, { query, variables: { id } }, { ifNoneMatch: '*' });
    expect([answer.status, answer.etag, answer.headers.get('cache-control')]).toEqual([
      200,
      null,
      'no-store',
    ]);
  });

  test('to whoever asks for more than data', async () => {
    const { id } = await makeRefund();
    const asked = (extensions: object) => poll(service, { query: ONE, variables: { id }, extensions });
    expect((await asked({ plan: true })).etag).toBeNull();
    expect((await asked({})).etag).not.toBeNull();
  });

  test('to POST, which is never 304 but says how fresh it is', async () => {
    const { id } = await makeRefund();
    const { etag } = await poll(service, { query: ONE, variables: { id } });
    const response = await fetch(`${service.app.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer rf_test_demo',
        'content-type': 'application/json',
        accept: 'application/json',
        'if-none-match': `${etag}, *`,
      },
      body: JSON.stringify({ query: ONE, variables: { id } }),
    });
    const { data } = (await response.json()) as { data: { refund: { freshness: Record<string, unknown> } } };
    const { asOf, pollAfterMs } = data.refund.freshness;
    const names = ['etag', 'cache-control', 'x-as-of', 'x-poll-after-ms'];
    expect([response.status, ...names.map((name) => response.headers.get(name))]).toEqual([
      200,
      null,
      'no-store',
      asOf,
      String(pollAfterMs),
    ]);
  });
});

describe('the freshness that a 304 tells', () => {
  test.each(['pending', 'lost', 'failed', 'succeeded'])(
    'of a refund that is %s is what an execution says',
    async (what) => {
      const paymentId = await service.payment('100.00');
      if (what === 'lost')
        await service.control('faults', {
          provider: 'yookassa',
          operation: 'createRefund',
          kind: 'lost-before-effect',
        });
      await service.control('mode', {
        provider: 'yookassa',
        refunds: what === 'succeeded' ? 'instant' : 'pending',
      });
      await service.graphql(
        'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { replayed } }',
        {
          input: refundInput(paymentId, '10.00', { reference: `freshness-${what}` }),
        },
      );
      if (what === 'failed')
        await service.control('settle', { provider: 'yookassa', all: true, status: 'canceled' });
      const { data } = await service.graphql<{ refund: { id: string } }>(
        'query ($reference: String!) { refund(by: { reference: $reference }, maxAgeSeconds: 0, waitMs: 5000) { id } }',
        { reference: `freshness-${what}` },
      );
      // Time stands still, so that what counts down says the same.
      const { world } = service.app;
      const now = world.clock.now.bind(world.clock);
      const instant = new Date(now().getTime() + 500);
      Object.assign(world.clock, { now: () => instant });
      try {
        const wanted = { query: ONE, variables: { id: data.refund.id } };
        const first = await poll(service, wanted);
        const second = await poll(service, wanted, { ifNoneMatch: first.etag! });
        const { freshness } = first.data!['refund'] as { freshness: Record<string, unknown> };
        expect(second.status).toBe(304);
        const told = ['x-as-of', 'x-is-stale', 'x-poll-after-ms'].map((name) => second.headers.get(name));
        expect(told).toEqual([
          freshness['asOf'],
          String(freshness['isStale']),
          String(freshness['pollAfterMs']),
        ]);
      } finally {
        Object.assign(world.clock, { now });
      }
    },
  );
});
