import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
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

/** Append-only: a released migration is never edited. Named so that their order is their names' order. */
const migrations: Record<string, Migration> = {
  '0001-first-refund': firstRefund,
  '0002-refund-options': refundOptions,
  '0003-provider-details': providerDetails,
  '0004-looks-and-epochs': looksAndEpochs,
  '0005-items-and-cancels': itemsAndCancels,
  '0006-webhook-deliveries': webhookDeliveries,
  '0007-outgoing-events': outgoingEvents,
  '0008-change-feed': changeFeed,
  '0009-shared-looks': sharedLooks,
};

/**
 * Brings the database to the schema of this release, forward only. Any number of processes may call it at
 * once on an empty database: a transaction-level advisory lock makes all but the first wait.
 *
 * @returns the names of the migrations that this call has run
 * @throws WrongInstallationError when the database is of a newer release
 * @throws when a migration fails; nothing of it is kept
 */
export async function migrateToLatest(db: Kysely<never>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw (await newerRelease(db)) ?? error;
  return (results ?? []).map((result) => result.migrationName);
}

/** That a later release has migrated the database, if that is what is wrong. */
async function newerRelease(db: Kysely<never>): Promise<WrongInstallationError | undefined> {
  const ran = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`
    .execute(db)
    .catch(() => undefined);
  const unknown = ran?.rows.find(({ name }) => !(name in migrations));
  return unknown === undefined
    ? undefined
    : new WrongInstallationError(
        `This database was migrated by a newer release (${unknown.name}). Start that release, or restore a backup of before.`,
      );
}
