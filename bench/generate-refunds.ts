import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Kysely } from 'kysely';
import { Client } from 'pg';
import { connectDatabase, type ConnectOptions } from '../src/db/connect.ts';
import { startEmbeddedPostgres } from '../src/db/embedded/start.ts';
import { migrateToLatest } from '../src/db/migrate.ts';
import type { Database } from '../src/db/tables.ts';
import { findGeneratedViolations, generateRefunds, NotForGeneratingError } from './generate.ts';
import { refuseUsedDatabase } from './generated-guard.ts';
import {
  generatedAccounts,
  generatedKey,
  generatedOwners,
  insertGeneratedTenants,
} from './growth-database.ts';

const USAGE = `npm run generate -- --refunds N [--seed N] [--database-url URL | --data-dir DIR] [--provider-url URL]

Fills a database that was made for it with refunds of three years, to be measured on: nearly all of one merchant, twelve
of another. The name of the database has to end in "_generated", and the service must never have been started on it;
an embedded one (default: ./.data-generated) must be new. What was interrupted goes on when it is started again.
Needs a superuser. Writes accounts.generated.json, with which a service can be started on it.
`;

const quiet = { info: () => undefined, warn: () => undefined, error: console.error };

/** The command `npm run generate`. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      refunds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'database-url': { type: 'string' },
      'data-dir': { type: 'string', default: './.data-generated' },
      'provider-url': { type: 'string', default: 'http://127.0.0.1:4011/v3' },
    },
  });
  const [refunds, seed] = [Number(values.refunds), Number(values.seed)];
  if (!Number.isSafeInteger(refunds) || refunds < 100 || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const databaseUrl = values['database-url'];
  await using undo = new AsyncDisposableStack();
  let target: Pick<ConnectOptions, 'connectionString' | 'config'> = {};
  if (databaseUrl === undefined) {
    const dataDir = path.resolve(values['data-dir']);
    const server = await startEmbeddedPostgres({ dataDir, mode: 'own', log: quiet });
    undo.defer(() => server.stop());
    target = { config: server.connection };
  } else target = { connectionString: databaseUrl };
  const client = new Client(target.config ?? target);
  await client.connect();
  undo.defer(() => client.end());
  await refuseUsedDatabase(client, { isOurs: databaseUrl === undefined, environment: process.env });
  const connected = connectDatabase<Database>({ ...target, log: quiet });
  undo.defer(() => connected.close());
  await migrateToLatest(connected.db as unknown as Kysely<never>);
  await insertGeneratedTenants(client, connected, values['provider-url']);
  await generateRefunds(client, {
    refunds,
    seed,
    owners: generatedOwners,
    onBatch: (done) => process.stderr.write(`${done} refunds\n`),
  });
  const broken = await findGeneratedViolations(client);
  if (broken.length > 0) throw new Error(`The data is not consistent: ${broken.join('; ')}`);
  const accounts = generatedAccounts(values['provider-url']);
  await writeFile('accounts.generated.json', `${JSON.stringify(accounts, undefined, 2)}\n`);
  const keys = accounts.merchants.map(({ code }) => `${code}: ${generatedKey(code)}`);
  process.stdout.write(`Consistent. ACCOUNTS_FILE=accounts.generated.json; keys:\n${keys.join('\n')}\n`);
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof NotForGeneratingError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
});
