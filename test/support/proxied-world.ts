import { connectDatabase, type ConnectedDatabase, type ConnectOptions } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/tables.ts';
import type { World } from '../../src/refunds/world.ts';
import { silentLog } from './silent-log.ts';
import { TcpProxy } from './tcp-proxy.ts';
import type { TestWorld, WorldDifferences } from './world.ts';

/** A process whose way to the database leads through a proxy. */
export interface ProxiedWorld {
  readonly world: World;
  readonly proxy: TcpProxy;
  readonly database: ConnectedDatabase<Database>;
  /** Close it before the test world. */
  close(): Promise<void>;
}

/** Statements go unprepared, so that the proxy sees their text each time. */
export async function proxiedWorld(
  t: TestWorld,
  options: Partial<ConnectOptions> = {},
  differences: WorldDifferences = {},
): Promise<ProxiedWorld> {
  const proxy = await TcpProxy.inFrontOf(t.database.config);
  const database = connectDatabase<Database>({
    config: proxy.through(t.database.config),
    preparedStatements: false,
    log: silentLog,
    ...options,
  });
  const world = await t.replica({ ...differences, db: database.db });
  return {
    world,
    proxy,
    database,
    async close() {
      proxy.pass();
      await world.background.drain(10_000);
      await database.close();
      await proxy.close();
    },
  };
}
