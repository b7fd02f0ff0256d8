import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stateReadsOf } from '../../../src/db/read-states.ts';
import type { MerchantId, RefundId } from '../../../src/ids.ts';
import { refundInput } from '../../support/service.ts';
import { poll } from './polling.ts';
import { LIST, ONE, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage('conditional');
});
afterAll(() => stage.service.close());
beforeEach(() => stage.calm());

describe('an answer to GET', () => {
  test('has a tag, and headers that say who may keep it and how fresh it is', async () => {
    const { id } = await stage.makeRefund();
    const answer = await poll(stage.service, { query: ONE, variables: { id } });
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
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(stage.service, wanted);
    const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.text, second.etag]).toEqual([304, '', first.etag]);
    // `x-poll-after-ms` counts down to the next look.
    expect(second.headers.get('x-poll-after-ms')).toMatch(/^\d+$/);
    for (const name of ['cache-control', 'vary', 'x-as-of', 'x-is-stale'])
      expect(second.headers.get(name), name).toBe(first.headers.get(name));
    expect([second.headers.get('content-length'), second.headers.get('content-type')]).toEqual([null, null]);
    expect(stage.service.logged()).toMatch(/"status":304,.*"operationType":"query","operationName":"One"/);
  });

  test('is whole again, with another tag, when the refund has changed', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(stage.service, wanted);
    await stage.settleAll();
    await stage.look(id);
    const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
    expect(second.status).toBe(200);
    expect(second.data).toMatchObject({ refund: { status: 'SUCCEEDED', freshness: { pollAfterMs: null } } });
    expect(second.etag).not.toBe(first.etag);
    expect(second.headers.get('x-poll-after-ms')).toBe('null');
  });

  test('to HEAD has the headers of GET', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const head = await poll(stage.service, wanted, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(await poll(stage.service, wanted, { method: 'HEAD', ifNoneMatch: head.etag! })).toMatchObject({
      status: 304,
    });
    expect(await poll(stage.service, wanted, { ifNoneMatch: head.etag! })).toMatchObject({ status: 304 });
  });
});

describe('a list', () => {
  test('is 304 until a refund of it changes or is made', async () => {
    const { id, paymentId } = await stage.makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId } } };
    let last = await poll(stage.service, wanted);
    // Others that write in the same server may hold the horizon back for a moment: then the tag changes once.
    await expect
      .poll(
        async () => {
          const answer = await poll(stage.service, wanted, { ifNoneMatch: last.etag! });
          if (answer.status === 200) last = answer;
          return answer.status;
        },
        { timeout: 30_000 },
      )
      .toBe(304);
    await stage.settleAll();
    await stage.look(id);
    const changed = await poll(stage.service, wanted, { ifNoneMatch: last.etag! });
    expect(changed).toMatchObject({ status: 200, data: { refunds: { nodes: [{ status: 'SUCCEEDED' }] } } });
    await stage.service.graphql(
      'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { replayed } }',
      {
        input: { ...refundInput('', '5.00'), payment: { id: paymentId } },
      },
    );
    const longer = await poll(stage.service, wanted, { ifNoneMatch: changed.etag! });
    expect((longer.data!['refunds'] as { nodes: unknown[] }).nodes).toHaveLength(2);
  });

  test('that this process has not answered yet is answered again, since nothing tells how fresh it is', async () => {
    const { paymentId } = await stage.makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId }, maxAgeSeconds: 600 } };
    const first = await poll(stage.service, wanted);
    const replica = await stage.service.startReplica();
    try {
      const there = await poll(stage.service, wanted, { ifNoneMatch: first.etag!, at: replica });
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
    const answer = await poll(stage.service, { query });
    expect([answer.status, answer.etag, answer.headers.get('cache-control')]).toEqual([
      200,
      null,
      'no-store',
    ]);
  });
});

describe('a change between what the tag is made of and the execution', () => {
  test('makes the answer newer than its tag, and the next one is whole with another tag', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(stage.service, wanted);
    const rowId = Buffer.from(id, 'base64').toString().split(':')[1]!;
    // Right behind the read that the tag is made of.
    const reads = stateReadsOf(stage.service.app.world.db);
    const { refund } = reads;
    let raced = 0;
    Object.assign(reads, {
      refund: async (merchantId: MerchantId, key: RefundId) => {
        const state = await refund(merchantId, key);
        raced += 1;
        await sql`UPDATE refunds SET note = 'raced', version = version + 1 WHERE id = ${rowId}`.execute(
          stage.service.database.db,
        );
        return state;
      },
    });
    const raced200 = await poll(stage.service, wanted);
    Object.assign(reads, { refund });
    expect(raced).toBe(1);
    const version = (first.data!['refund'] as { version: number }).version;
    expect([raced200.etag, raced200.data]).toMatchObject([first.etag, { refund: { version: version + 1 } }]);
    const next = await poll(stage.service, wanted, { ifNoneMatch: raced200.etag! });
    expect([next.status, next.data]).toMatchObject([200, { refund: { version: version + 1 } }]);
    expect(next.etag).not.toBe(raced200.etag);
  });
});
