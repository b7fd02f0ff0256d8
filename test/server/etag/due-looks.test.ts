import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refundInput } from '../../support/service.ts';
import { poll } from './polling.ts';
import { LIST, ONE, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage('due_looks');
});
afterAll(() => stage.service.close());
beforeEach(() => stage.calm());

describe('a look that is due', () => {
  const calls = async () =>
    (await stage.service.control<{ requests: unknown[] }>('requests?provider=yookassa')).requests.length;

  test('is started before a 304, and what it finds is in the next answer', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id, maxAgeSeconds: 600 } };
    const first = await poll(stage.service, wanted);
    await stage.settleAll();
    await stage.advance(1_200);
    const before = await calls();
    const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.headers.get('x-is-stale')]).toEqual([304, 'true']);
    await expect.poll(calls, { timeout: 30_000 }).toBeGreaterThan(before);
    await expect
      .poll(async () => (await poll(stage.service, wanted, { ifNoneMatch: first.etag! })).data, {
        timeout: 30_000,
      })
      .toMatchObject({ refund: { status: 'SUCCEEDED' } });
  });

  test('is waited for where waitMs asks for it, and no 304 hides what it finds', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id, maxAgeSeconds: 0, waitMs: 10_000 } };
    const first = await poll(stage.service, wanted);
    await stage.settleAll();
    const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
    expect([second.status, second.data]).toMatchObject([200, { refund: { status: 'SUCCEEDED' } }]);
  });

  test('of a list is started before a 304, too', async () => {
    const { paymentId } = await stage.makeRefund();
    const wanted = { query: LIST, variables: { filter: { payment: paymentId }, maxAgeSeconds: 600 } };
    let last = await poll(stage.service, wanted);
    await stage.settleAll();
    await stage.advance(1_200);
    await expect
      .poll(
        async () => {
          last = await poll(stage.service, wanted, { ifNoneMatch: last.etag! });
          return last.data;
        },
        { timeout: 30_000 },
      )
      .toMatchObject({ refunds: { nodes: [{ status: 'SUCCEEDED' }] } });
  });

  test('that has found nothing new is told by the headers of the 304', async () => {
    const { id } = await stage.makeRefund();
    const wanted = { query: ONE, variables: { id } };
    const first = await poll(stage.service, wanted);
    await stage.advance(3_600);
    await stage.look(id);
    const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
    expect(second.status).toBe(304);
    const ageMs = Date.parse(second.headers.get('x-as-of')!) - Date.parse(first.headers.get('x-as-of')!);
    expect(ageMs).toBeGreaterThanOrEqual(3_600_000);
    expect(Number(second.headers.get('x-poll-after-ms'))).toBeGreaterThan(
      Number(first.headers.get('x-poll-after-ms')),
    );
  });
});

describe('the freshness that a 304 tells', () => {
  test.each(['pending', 'lost', 'failed', 'succeeded'])(
    'of a refund that is %s is what an execution says',
    async (what) => {
      const paymentId = await stage.service.payment('100.00');
      if (what === 'lost')
        await stage.service.control('faults', {
          provider: 'yookassa',
          operation: 'createRefund',
          kind: 'lost-before-effect',
        });
      await stage.service.control('mode', {
        provider: 'yookassa',
        refunds: what === 'succeeded' ? 'instant' : 'pending',
      });
      await stage.service.graphql(
        'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { replayed } }',
        {
          input: refundInput(paymentId, '10.00', { reference: `freshness-${what}` }),
        },
      );
      if (what === 'failed')
        await stage.service.control('settle', { provider: 'yookassa', all: true, status: 'canceled' });
      const { data } = await stage.service.graphql<{ refund: { id: string } }>(
        'query ($reference: String!) { refund(by: { reference: $reference }, maxAgeSeconds: 0, waitMs: 5000) { id } }',
        { reference: `freshness-${what}` },
      );
      // Time stands still, so that what counts down says the same.
      const { world } = stage.service.app;
      const now = world.clock.now.bind(world.clock);
      const instant = new Date(now().getTime() + 500);
      Object.assign(world.clock, { now: () => instant });
      try {
        const wanted = { query: ONE, variables: { id: data.refund.id } };
        const first = await poll(stage.service, wanted);
        const second = await poll(stage.service, wanted, { ifNoneMatch: first.etag! });
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
