import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startAppProcess, type AppProcess } from '../support/app-processes.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';

// Real time has to pass here: the age of what is polled, and the lease of a process that was killed.
vi.setConfig({ testTimeout: 120_000 });

let service: TestService;
let processes: AppProcess[];
let ids: string[];
beforeAll(async () => {
  service = await createTestService('shared_looks_app');
  processes = await Promise.all([startAppProcess(service.config), startAppProcess(service.config)]);
  await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
  ids = [];
  for (let index = 0; index < 10; index += 1) {
    const { data } = await service.graphql<{ createRefund: { refund: { id: string; status: string } } }>(
      createRefundMutation,
      { input: refundInput(await service.payment('100.00'), '10.00') },
    );
    expect(data.createRefund.refund.status).toBe('PENDING');
    ids.push(data.createRefund.refund.id);
  }
}, 120_000);
afterAll(async () => {
  await Promise.all(processes.map((each) => each.end()));
  await service.close();
});

const maxAgeSeconds = 5;

async function poll({ url }: AppProcess, waitMs: number): Promise<{ isStale: boolean }[]> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: 'Bearer rf_test_demo', 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `query ($ids: [ID!]!, $maxAgeSeconds: Int, $waitMs: Int) {
        refunds(first: 100, filter: { ids: $ids }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) {
          nodes { freshness { isStale } } } }`,
      variables: { ids, maxAgeSeconds, waitMs },
    }),
  });
  const { data } = (await response.json()) as {
    data: { refunds: { nodes: { freshness: { isStale: boolean } }[] } };
  };
  return data.refunds.nodes.map(({ freshness }) => freshness);
}

const pollAll = (count: number, waitMs: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => poll(processes[index % 2]!, waitMs)));

const requests = async () =>
  (await service.control<{ requests: unknown[] }>('requests?provider=yookassa')).requests.length;

test('two real processes share the looks of their pollers, and one that is killed in a look costs one more', async () => {
  await delay(maxAgeSeconds * 1000 + 200);
  await service.control('faults', {
    provider: 'yookassa',
    operation: '*',
    kind: 'slow',
    ms: 300,
    times: 100,
  });
  let before = await requests();
  for (const nodes of await pollAll(100, 10_000))
    expect(nodes.map(({ isStale }) => isStale)).not.toContain(true);
  expect((await requests()) - before).toBe(1);

  await service.control('faults', undefined, 'DELETE');
  await delay(maxAgeSeconds * 1000 + 200);
  await service.control('faults', { provider: 'yookassa', operation: '*', kind: 'hang', times: 1 });
  before = await requests();
  const [killed, alive] = processes as [AppProcess, AppProcess];
  await poll(killed, 0);
  await expect.poll(async () => (await requests()) - before, { timeout: 10_000 }).toBe(1);
  killed.child.kill('SIGKILL');
  // Its lease is respected by the other one, and then the provider is asked once more.
  for (const { isStale } of await poll(alive, 100)) expect(isStale).toBe(true);
  expect((await requests()) - before).toBe(1);
  const answers = Promise.all(
    Array.from({ length: 50 }, async () => {
      for (;;) {
        const nodes = await poll(alive, 5_000);
        if (nodes.every(({ isStale }) => !isStale)) return;
      }
    }),
  );
  await answers;
  expect((await requests()) - before).toBe(2);
});
