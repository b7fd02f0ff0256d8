import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestService, refundInput, type TestService } from '../../support/service.ts';
import { poll, urlOf } from './polling.ts';

let service: TestService;
beforeAll(async () => {
  service = await createTestService('conditional', {}, { movableClock: true });
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

const note = (id: string) =>
  service.graphql(
    'mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 5000 }) { errors { message } } }',
    { id },
  );
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
    for (const name of ['cache-control', 'vary', 'x-as-of', 'x-is-stale', 'x-poll-after-ms'])
      expect(second.headers.get(name), name).toBe(first.headers.get(name));
    expect([second.headers.get('content-length'), second.headers.get('content-type')]).toEqual([null, null]);
    expect(service.logged()).toMatch(/"status":304,.*"operationType":"query","operationName":"One"/);
  });

  test('is whole again, with another tag, when the refund has changed', async () => {
    const { id } = await makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(service, wanted);
    await settleAll();
    await note(id);
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
