import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration, type MigrationResultSet } from 'kysely/migration';
import { Pool } from 'pg';
import { WrongInstallationError } from './installation.ts';
import * as firstRefund from './migrations/0001-first-refund.ts';
import * as refundOptions from './migrations/0002-refund-options.ts';
import * as providerDetails from './migrations/0003-provider-details.ts';
import * as looksAndEpochs from './migrations/0004-looks-and-epochs.ts';
import * as itemsAndCancels from './migrations/0005-items-and-cancels.ts';
import * as webhookDeliveries from './migrations/0006-webhook-deliveries.ts';
import * as outgoingEvents from './migrations/0007-outgoing-events.ts';
import * as changeFeed from './migrations/0008-change-feed.ts';
import * as sharedLooks from './migrations/0009-shared-looks.ts';
import * as growth from './migrations/0010-growth.ts';
import { poolOf } from './in-transaction.ts';
import { onlineSteps, oneAtATime, type OnlineMigration } from './online-migration.ts';

/** Append-only: a released migration is never edited. Named so that their order is their names' order. */
const migrations: Readonly<Record<string, Migration | OnlineMigration>> = {
  '0001-first-refund': firstRefund,
  '0002-refund-options': refundOptions,
  '0003-provider-details': providerDetails,
  '0004-looks-and-epochs': looksAndEpochs,
  '0005-items-and-cancels': itemsAndCancels,
  '0006-webhook-deliveries': webhookDeliveries,
  '0007-outgoing-events': outgoingEvents,
  '0008-change-feed': changeFeed,
  '0009-shared-looks': sharedLooks,
  '0010-growth': growth,
};

/**
 * Brings the database to the schema of this release, forward only. Any number of processes may call it at
 * once on an empty database: an advisory lock makes all but the first wait.
 *
 * An ordinary migration is a transaction, and nothing is kept of one that fails. One that is marked `online` runs outside
 * of a transaction, without limits of time, while older releases go on; what is left of one that was interrupted is
 * done by the next call. It counts as run when all of it is done.
 *
 * @returns the names of the migrations that this call has run
 * @throws WrongInstallationError when the database is of a newer release
 * @throws when a migration fails
 */
export async function migrateToLatest(
  db: Kysely<never>,
  all: Readonly<Record<string, Migration | OnlineMigration>> = migrations,
): Promise<string[]> {
  const ran: string[] = [];
  const names = Object.keys(all);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => transactional(all) } });
  for (const [index, name] of names.entries()) {
    const migration = all[name]!;
    if (!isOnline(migration) || (await hasRun(db, name))) continue;
    // Kysely migrates down to a name that is not the last: nobody else may note this one between the two.
    await oneAtATime(pool(db), async (client) => {
      if (await hasRun(db, name)) return;
      const before = names[index - 1];
      if (before !== undefined)
        ran.push(...(await inTransactions(db, all, () => migrator.migrateTo(before))));
      await migration.online(onlineSteps(client));
      await noteRun(db, name);
      ran.push(name);
    });
  }
  ran.push(...(await inTransactions(db, all, () => migrator.migrateToLatest())));
  return ran;
}

const isOnline = (migration: Migration | OnlineMigration): migration is OnlineMigration =>
  'online' in migration;

/** All of them, for the order; an online one has been run and noted before its turn comes here. */
const transactional = (
  all: Readonly<Record<string, Migration | OnlineMigration>>,
): Record<string, Migration> =>
  Object.fromEntries(
    Object.entries(all).map(([name, migration]) => [
      name,
      isOnline(migration)
        ? { up: () => Promise.reject(new TypeError(`${name} does not run in a transaction.`)) }
        : migration,
    ]),
  );

async function inTransactions(
  db: Kysely<never>,
  all: Readonly<Record<string, unknown>>,
  migrate: () => Promise<MigrationResultSet>,
): Promise<string[]> {
  const { error, results } = await migrate();
  if (error) throw (await newerRelease(db, all)) ?? error;
  return (results ?? []).map((result) => result.migrationName);
}

function pool(db: Kysely<never>): Pool {
  const found = poolOf(db);
  if (!(found instanceof Pool)) throw new TypeError('An online migration needs connections of its own.');
  return found;
}

/** Whether an online migration is done; on an empty database it is not. */
async function hasRun(db: Kysely<never>, name: string): Promise<boolean> {
  const { rows: known } = await sql`SELECT 1 WHERE to_regclass('kysely_migration') IS NOT NULL`.execute(db);
  if (known.length === 0) return false;
  return (await sql`SELECT 1 FROM kysely_migration WHERE name = ${name}`.execute(db)).rows.length > 0;
}

/** Where Kysely notes its own. */
async function noteRun(db: Kysely<never>, name: string): Promise<void> {
  const now = new Date().toISOString();
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES (${name}, ${now})`.execute(db);
}

/** That a later release has migrated the database, if that is what is wrong. */
async function newerRelease(
  db: Kysely<never>,
  all: Readonly<Record<string, unknown>>,
): Promise<WrongInstallationError | undefined> {
  const ran = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`
    .execute(db)
    .catch(() => undefined);
  const unknown = ran?.rows.find(({ name }) => !(name in all));
  return unknown === undefined
    ? undefined
    : new WrongInstallationError(
        `This database was migrated by a newer release (${unknown.name}). Start that release, or restore a backup of before.`,
      );
}
