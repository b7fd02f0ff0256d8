import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { failpointNames } from '../../src/failpoints.ts';
import { configOf } from '../app/app-config.ts';
import { startAppProcess, type AppProcess } from '../support/app-processes.ts';
import { testMerchants } from '../support/world.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

let s: Stage;
const running: AppProcess[] = [];
beforeAll(async () => {
  s = await openStage('events_killed');
});
afterAll(() => s.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.end()));
  await s.clear();
});

/** The service as it is shipped, on the database of the stage, with one endpoint. */
async function startService(env: Record<string, string> = {}): Promise<AppProcess> {
  const merchants = testMerchants(s.t.sandbox).map((merchant) =>
    merchant.code === 'demo' ? { ...merchant, eventEndpoints: [endpointOf(s.receiver.url)] } : merchant,
  );
  const config: Config = configOf(s.t.database, { demo: true, engine: true, merchants });
  return startAppProcess(config, env);
}

const statuses = async () => new Set((await s.deliveries()).map(({ status }) => status));
const points = failpointNames.filter((name) => name.startsWith('events.'));

describe('a service that is killed', () => {
  test.each(points)(
    'at %s has its webhooks delivered by the next one: each at least once, in order, with the same id and bytes',
    async (point) => {
      await s.listen({ demo: [endpointOf(s.receiver.url)] });
      const refundId = await s.refund();
      await s.change(refundId, 2);
      const first = await startService({ FAILPOINTS: `${point}:kill` });
      const [, signal] = await once(first.child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(s.receiver.received).toHaveLength(point === 'events.after-claim' ? 0 : 1);
      expect(await statuses()).toEqual(new Set(['PENDING']));

      // The lease of the dead process passes.
      await s.t.advance(61);
      running.push(await startService());
      await expect.poll(statuses, { timeout: 60_000, interval: 200 }).toEqual(new Set(['DELIVERED']));
      const { received } = s.receiver;
      expect(received.map(({ data }) => data.refund.version)).toEqual(
        point === 'events.after-claim' ? [1, 2, 3, 4] : [1, 1, 2, 3, 4],
      );
      const bodies = new Map<string, Set<string>>();
      for (const { id, body } of received) bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
      expect([...bodies.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    },
    120_000,
  );
});
