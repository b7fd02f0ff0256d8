import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDatabase } from '../../../src/db/connect.ts';
import { run } from '../../../src/db/embedded/run.ts';
import { isDatabaseUnavailable } from '../../../src/db/unavailable.ts';
import { silentLog } from '../../support/silent-log.ts';
import { removeDataDir, startedService } from '../../support/service-process.ts';

let parent: string;
let isMounted: boolean;
beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'refund-full-'));
  isMounted =
    (await run({ file: 'mount', args: ['-t', 'tmpfs', '-o', 'size=300m', 'none', parent] })).code === 0;
});
afterAll(async () => {
  await removeDataDir(path.join(parent, 'data'));
  if (isMounted) await run({ file: 'umount', args: [parent] });
  await rm(parent, { recursive: true, force: true });
});

it('a disk that is full is trouble of the database: what was committed stays, and it goes on when there is room', async ({
  skip,
}) => {
  if (!isMounted) skip('a small disk needs the right to mount one');
  const { ready } = await startedService({ dataDir: path.join(parent, 'data'), mode: 'own', durable: true });
  const database = connectDatabase<never>({ config: ready.connection, log: silentLog });
  await sql`CREATE TABLE kept (id int PRIMARY KEY, text text NOT NULL)`.execute(database.db);
  const committed: number[] = [];
  const add = async (id: number): Promise<void> => {
    await sql`INSERT INTO kept VALUES (${id}, ${'x'.repeat(4_000)})`.execute(database.db);
    committed.push(id);
  };
  await add(0);
  const { bavail, bsize } = await statfs(parent);
  const filler = path.join(parent, 'filler');
  await writeFile(filler, Buffer.alloc(Number(bavail) * Number(bsize) - 1_000_000));
  let failure: unknown;
  for (let id = 1; failure === undefined; id += 1) await add(id).catch((error: unknown) => (failure = error));
  expect(isDatabaseUnavailable(failure)).toBe(true);

  await rm(filler);
  for (let done = false; !done; await sleep(20))
    await add(1_000_000).then(
      () => (done = true),
      (error: unknown) => expect(isDatabaseUnavailable(error)).toBe(true),
    );
  const { rows } = await sql<{ id: number }>`SELECT id FROM kept ORDER BY id`.execute(database.db);
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(committed));
  // The write that failed may have been committed all the same, and no other.
  expect(rows.length - committed.length).toBeLessThanOrEqual(1);
  await database.close();
}, 120_000);
