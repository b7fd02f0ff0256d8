import { connectDatabase, type ConnectedDatabase } from '../../src/db/connect.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import type { Database } from '../../src/db/tables.ts';
import { silentLog } from '../support/silent-log.ts';

/** The embedded database of a service that runs on this directory, beside it. */
export async function openRows(dataDir: string): Promise<ConnectedDatabase<Database>> {
  const { connection } = await startEmbeddedPostgres({ dataDir, mode: 'attach', log: silentLog });
  return connectDatabase<Database>({ config: connection, log: silentLog, max: 2, applicationName: 'test' });
}
