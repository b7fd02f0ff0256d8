import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BenchDatabase } from './database.ts';

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, 'reference-create.sql');
const SCHEMA = path.join(import.meta.dirname, 'reference-schema.sql');

/** How to get it, for the table. */
export const pgbenchMissing =
  'pgbench not found (Debian: apt-get install postgresql-contrib; or put it on PATH)';

/** The program, on PATH or where Debian puts it; undefined when there is none. */
export function findPgbench(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...versions.map((version) => path.join(debian, version, 'bin')),
  ];
  return folders.map((folder) => path.join(folder, 'pgbench')).find((file) => existsSync(file));
}

/** Makes the tables of the reference in a database of their own. */
export async function prepareReference(database: BenchDatabase): Promise<void> {
  await database.run(await readFile(SCHEMA, 'utf8'));
}

/** Runs the reference with so many clients, and answers with its transactions (whole refunds) per second. */
export async function runReference(
  pgbench: string,
  { config }: BenchDatabase,
  clients: number,
  seconds: number,
): Promise<number> {
  // Prepared, as the service's own statements are; -n: no vacuum of pgbench's own tables.
  const what = ['-n', '-M', 'prepared', '-f', SCRIPT];
  const howMuch = ['-c', String(clients), '-j', '1', '-T', String(seconds)];
  const where = ['-h', config.host, '-p', String(config.port), '-U', config.user, config.database];
  const { stdout } = await run(pgbench, [...what, ...howMuch, ...where], {
    env: { ...process.env, PGPASSWORD: config.password },
  });
  const failed = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? '0');
  const perSecond = Number(/^tps = ([0-9.]+)/m.exec(stdout)?.[1]);
  if (failed > 0 || !(perSecond > 0)) throw new Error(`the reference failed: ${stdout}`);
  return perSecond;
}
