import { loadServiceConfig } from '../config.ts';
import { createLog, flushLog } from '../log.ts';
import { openDatabase } from '../startup/open-database.ts';

/** Brings the database to this release and ends; beside a running service or alone. Needs no accounts. */
export async function migrate(env: NodeJS.ProcessEnv): Promise<number> {
  const config = loadServiceConfig(env);
  const log = createLog({ level: config.logLevel });
  const database = await openDatabase({ config, log, mode: 'attach', movableClock: false });
  await database.close();
  log.info({ migrations: database.migrated }, 'the database is of this release');
  await flushLog(log);
  return 0;
}
