import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { BenchDatabase } from './database.ts';
import { insertHistory, refreshPayments } from './history.ts';
import type { Finding, Run } from './run.ts';
import { apiKey, startService, type Service } from './service.ts';

const LOAD_MS = 15_000;
const CLIENTS = 16;
/** How long a writer keeps what it has written to itself, so that what began later commits before it. */
const HELD_MS = 300;
const WRITERS = 3;

interface Page {
  readonly refundChanges: {
    readonly changes: readonly { readonly version: number; readonly refund: { readonly id: string } }[];
    readonly cursor: string;
    readonly hasMore: boolean;
  };
}

/** Follows the feed while refunds are made and while slow writers commit late; then compares it with the table. */
export async function measureFeed(run: Run): Promise<Finding> {
  const database = await run.server.database('feed');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    await refreshPayments(database);
    let isOver = false;
    const follower = follow(service, () => isOver);
    const writers = Array.from({ length: WRITERS }, () => writeSlowly(database, () => isOver));
    const { done } = await run.load.run({
      urls: [service.url],
      key: apiKey,
      clients: CLIENTS,
      ms: run.isQuick ? 2_000 : LOAD_MS,
      operation: { kind: 'create', account: run.instantAccount.code, paymentIds },
    });
    isOver = true;
    const late = (await Promise.all(writers)).reduce((sum, writes) => sum + writes, 0);
    const { versions, changes, backwards } = await follower;
    const changed = await database.run<{ id: string; version: number }>(
      `SELECT id, version FROM refunds WHERE change_epoch > 0 AND (origin = 'API' AND created_by IS NOT NULL OR note = 'held')`,
    );
    const missed = changed.filter(({ id, version }) => versions.get(idOf(id)) !== version).length;
    return {
      bars: [
        {
          what: `the feed under adverse commit order: of ${changed.length} refunds, those whose last version it did not show, or that went back`,
          against: 'the table',
          bar: '0',
          measured: String(missed + backwards),
          isMet: missed + backwards === 0 && late > 0,
          reason: 'a defect',
        },
      ],
      details: `The feed was followed from its end, page after page, while ${done} refunds were made and ${late} slow transactions held back what they had written for ${HELD_MS} ms: ${changes} changes read. Across a restore it is followed by \`test/resolvers/refund-changes.test.ts\`.`,
    };
  } finally {
    await service.stop();
  }
}

const idOf = (uuid: string): string => Buffer.from(`Refund:${uuid}`).toString('base64');

async function follow(
  service: Service,
  isOver: () => boolean,
): Promise<{
  readonly versions: ReadonlyMap<string, number>;
  readonly changes: number;
  readonly backwards: number;
}> {
  const versions = new Map<string, number>();
  let [changes, backwards] = [0, 0];
  let cursor: string | undefined;
  for (let isLast = false; ;) {
    const { refundChanges: page } = await service.ask<Page>(
      'query ($after: String) { refundChanges(after: $after, first: 100) { changes { version refund { id } } cursor hasMore } }',
      { after: cursor },
    );
    ({ cursor } = page);
    for (const { version, refund } of page.changes) {
      changes += 1;
      if (version < (versions.get(refund.id) ?? 0)) backwards += 1;
      versions.set(refund.id, version);
    }
    if (page.hasMore) continue;
    if (isLast) return { versions, changes, backwards };
    if (isOver()) {
      // The last of the slow ones has to commit, and what waits behind it to be seen.
      await delay(3 * HELD_MS);
      isLast = true;
    } else await delay(50);
  }
}

/** Touches a refund of its own again and again, each time in a transaction that stays open for a while. */
async function writeSlowly(database: BenchDatabase, isOver: () => boolean): Promise<number> {
  const client = new Client(database.config);
  await client.connect();
  let writes = 0;
  try {
    while (!isOver()) {
      await client.query('BEGIN');
      await client.query(
        `UPDATE refunds SET note = 'held', version = version + 1 WHERE id = (
          SELECT id FROM refunds WHERE created_by IS NULL ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)`,
      );
      await delay(HELD_MS);
      await client.query('COMMIT');
      writes += 1;
    }
  } finally {
    await client.end();
  }
  return writes;
}
