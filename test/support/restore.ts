import pino from 'pino';
import { createAlerts } from '../../src/alerts.ts';
import { setClockOffset } from '../../src/db/installation.ts';
import { syncTenants } from '../../src/db/tenants.ts';
import { noMetrics } from '../../src/metrics.ts';
import { openEpoch } from '../../src/db/epochs.ts';
import type { Database } from '../../src/db/tables.ts';
import { createBackground } from '../../src/refunds/background.ts';
import { createWorld } from '../../src/refunds/world.ts';
import { connectAccounts } from '../../src/startup/connect-accounts.ts';
import { copyTestDatabase, type TestDatabase } from './database.ts';
import { testMerchants, type TestWorld, type WorldDifferences } from './world.ts';

/** A backup of the database of a world, as it is now. */
export const backUp = (t: TestWorld): Promise<TestDatabase<Database>> =>
  copyTestDatabase(t.database, 'backup');

/** How the service starts on the backup. */
export interface Restoring extends WorldDifferences {
  /** False: nobody has said that the database is an old one. */
  readonly isTold?: boolean;
}

/**
 * The same providers, callers and time with an old database behind the service, as after a restore: told so with
 * `npm run restored`, and started then.
 */
export async function restore(
  live: TestWorld,
  backup: TestDatabase<Database>,
  { isTold = true, ...differences }: Restoring = {},
): Promise<TestWorld> {
  const { offsetSeconds } = await live.control<{ offsetSeconds: number }>('clock', { advanceSeconds: 0 });
  await setClockOffset(backup.db, offsetSeconds);
  if (isTold) await openEpoch(backup.db);
  const log = differences.log ?? pino({ level: 'silent' });
  const own = { log, clock: live.clock, alerts: createAlerts(log), metrics: noMetrics };
  const merchants = testMerchants(live.sandbox);
  const accounts = connectAccounts(merchants, await syncTenants(backup.db, merchants), own);
  const background = createBackground(own.log);
  const { connections } = accounts;
  const differ = (connection: ReturnType<typeof connections.find>) =>
    connection && { ...connection, adapter: { ...connection.adapter, ...differences.adapter } };
  const world = await createWorld({
    ...own,
    db: backup.db,
    connections: {
      adapters: () => connections.adapters(),
      all: () => connections.all().map((connection) => differ(connection)!),
      find: (id) => differ(connections.find(id)),
      findByCode: (merchantId, code) => differ(connections.findByCode(merchantId, code)),
    },
    background,
  });
  return {
    ...live,
    world,
    database: backup,
    replica: () => Promise.reject(new Error('a restored world has no replicas')),
    async advance(seconds) {
      await live.advance(seconds);
      const clock = await live.control<{ offsetSeconds: number }>('clock', { advanceSeconds: 0 });
      await setClockOffset(backup.db, clock.offsetSeconds);
    },
    async close() {
      await background.drain(10_000);
      await accounts.close();
      await backup.drop();
    },
  };
}
