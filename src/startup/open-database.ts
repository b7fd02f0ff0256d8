import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { ServiceConfig } from '../config.ts';
import { endAbandonedLeases, memberName, workerName } from '../db/abandoned-leases.ts';
import { openFeedEpochOfHistory } from '../db/changes.ts';
import { connectDatabase, countsOf, type PoolCounts } from '../db/connect.ts';
import { startEmbeddedPostgres } from '../db/embedded/start.ts';
import { makeClockMovable, markInstallation, refuseOtherMode } from '../db/installation.ts';
import { migrateToLatest } from '../db/migrate.ts';
import type { Database } from '../db/tables.ts';
import type { Membership } from './membership.ts';

export interface OpenOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** `own`: this process is the service of an embedded server; `attach`: a command beside it, or one of its processes. */
  readonly mode: 'own' | 'attach';
  /** Whether `app_now()` follows an offset: demo and test mode only. */
  readonly movableClock: boolean;
  /** It works on the database for long, and may be the first to do so; its connections say so in pg_stat_activity. */
  readonly isWorker?: boolean;
  /** One of several processes of a service, whose parent owns the embedded server; its connections say so, too. */
  readonly membership?: Membership | undefined;
  /** Called once it is certain that this database, and so the data directory, is this process's to use. */
  readonly onOurs?: () => void;
  /** Called once when another service took the embedded server over. */
  readonly onLost?: (error: Error) => void;
}

export interface OpenDatabase {
  readonly db: Kysely<Database>;
  readonly poolCounts: () => PoolCounts;
  /** Names of the migrations that were run now. */
  readonly migrated: readonly string[];
  /** Closes the pool, then stops the embedded server when it is this process's to stop. */
  close(): Promise<void>;
}

/**
 * A database that is connected, of this mode, and of this release's schema.
 *
 * @throws EmbeddedPostgresError, WrongInstallationError, or what the server said; nothing is left open then
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const { config, log, mode, movableClock, onLost } = options;
  await using undo = new AsyncDisposableStack();
  const target = await serverOf();
  const pool = connectDatabase<Database>({
    ...target,
    log,
    max: config.poolSize,
    preparedStatements: config.prepared,
    ...(options.isWorker === true && { applicationName: workerName }),
    ...(options.membership !== undefined && { applicationName: memberName }),
  });
  undo.defer(() => pool.close());
  const { db } = pool;

  await refuseOtherMode(db, config.demo);
  options.onOurs?.();
  // Migrations know tables of their own time only, so they take a database of unknown tables.
  const migrated = await migrateToLatest(db as unknown as Kysely<never>);
  if (migrated.length > 0) log.info({ migrations: migrated }, 'database migrated');
  if (mode === 'own' || options.isWorker === true) await markInstallation(db, config.demo);
  await openFeedEpochOfHistory(db);
  if (movableClock) await makeClockMovable(db);
  if (mode === 'own' && config.database.kind === 'embedded') {
    const abandoned = await endAbandonedLeases(db);
    if (abandoned > 0) log.warn({ abandoned }, 'sends were left behind by a process that never came back');
  }
  const opened = undo.move();
  return { db, poolCounts: () => countsOf(pool.pool), migrated, close: () => opened.disposeAsync() };

  async function serverOf() {
    if (config.database.kind === 'url') return { connectionString: config.database.url };
    const { dataDir } = config.database;
    const server = await startEmbeddedPostgres({
      dataDir,
      log,
      mode,
      ...(onLost && { onOwnershipLost: onLost }),
    });
    undo.defer(() => server.stop());
    return { config: server.connection };
  }
}
