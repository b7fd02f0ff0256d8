import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createAlerts } from '../../src/alerts.ts';
import { systemClock } from '../../src/clock.ts';
import type { AccountId, MerchantId } from '../../src/ids.ts';
import { noMetrics } from '../../src/metrics.ts';
import { connectAccounts } from '../../src/startup/connect-accounts.ts';
import type { Membership } from '../../src/startup/membership.ts';
import { configOf } from '../app/app-config.ts';

const server = createServer();
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** How many calls of an account are under way at once, when many are wanted by one process. */
async function atOnce(
  membership: Membership | undefined,
  requestsPerSecond = 1_000,
  expected?: number,
): Promise<number> {
  let under = 0;
  server.removeAllListeners('request');
  server.on('request', () => (under += 1));
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { merchants } = configOf({ connectionString: 'postgres://nowhere/x' });
  const [merchant] = merchants;
  const log = pino({ level: 'silent' });
  const accounts = connectAccounts(
    [
      {
        ...merchant!,
        accounts: [{ ...merchant!.accounts[0]!, baseUrl: `http://127.0.0.1:${port}`, requestsPerSecond }],
      },
    ],
    {
      merchants: new Map([['acme', '018f0000-0000-7000-8000-000000000001' as MerchantId]]),
      accounts: new Map([['acme-shop', '018f0000-0000-7000-8000-000000000002' as AccountId]]),
      keys: new Map(),
      webhookIds: new Map([['acme-shop', 'x']]),
    },
    { log, clock: systemClock, alerts: createAlerts(log), metrics: noMetrics, membership },
  );
  const [connection] = accounts.connections.all();
  const { http } = connection!.access;
  const request = { method: 'POST', path: '/refunds', headers: {}, body: '{}' } as const;
  for (let n = 0; n < 20; n += 1)
    void http.send(request, {}, { deadlineMs: 30_000, mayStillSend: () => true });
  await expect.poll(() => under, { timeout: 10_000 }).toBe(expected ?? connection!.maxInFlight);
  // Long enough for others that should not be there.
  await delay(200);
  const found = under;
  // Who waits is refused, and who is under way is cut.
  const closed = accounts.close();
  server.closeAllConnections();
  await closed;
  return found;
}

test('an account that takes eight sends at once gets eight from one process, and eight from three together', async () => {
  expect(await atOnce(undefined)).toBe(8);
  expect(await atOnce({ number: 1, of: 3 })).toBe(2);
  expect(await atOnce({ number: 2, of: 3 })).toBe(3);
  expect(await atOnce({ number: 3, of: 3 })).toBe(3);
});

test('each of many processes has its part of the requests a second, not all of them', async () => {
  // Four at once by itself; of a thousand the next one is in four minutes.
  expect(await atOnce({ number: 1_000, of: 1_000 }, 4, 1)).toBe(1);
});
