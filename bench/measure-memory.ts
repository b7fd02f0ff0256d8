import { spreadOf } from './alternate.ts';
import { insertHistory, refreshPayments } from './history.ts';
import type { Operation } from './load-orders.ts';
import { rssMbOf } from './process-figures.ts';
import { count, table } from './report.ts';
import type { Finding, Run } from './run.ts';
import { apiKey, startService } from './service.ts';

const CLIENTS = 16;
/** Shorter than facts of a payment are fresh. */
const CHUNK_MS = 10_000;
const MINUTES = 10;
const CHUNKS_OF_MINUTE = 60_000 / CHUNK_MS;
const MOST_MB = 400;
/** The last minutes against the ones after the first: more than this is growth. */
const FLAT_RATIO = 1.1;

/** Resident memory of the built service during ten minutes of createRefund, as fast as it can. */
export async function measureMemory(run: Run): Promise<Finding> {
  const database = await run.server.database('memory');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
    script: 'dist/main.js',
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    const operation: Operation = { kind: 'create', account: run.instantAccount.code, paymentIds };
    const order = { urls: [service.url], key: apiKey, clients: CLIENTS, operation };
    const chunks = run.isQuick ? 3 : MINUTES * CHUNKS_OF_MINUTE;
    const sizes: number[] = [];
    let done = 0;
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      await refreshPayments(database);
      done += (await run.load.run({ ...order, ms: run.isQuick ? 1_000 : CHUNK_MS })).done;
      sizes.push(rssMbOf(service.child.pid));
    }
    const minutes = minutesOf(sizes);
    const last = spreadOf(minutes.slice(-3)).median;
    const growth = last / spreadOf(minutes.slice(2, 5).length === 0 ? minutes : minutes.slice(2, 5)).median;
    return {
      bars: [
        {
          what: `resident memory after ${run.isQuick ? 'a moment' : `${MINUTES} minutes`} of createRefund, in MB`,
          against: '–',
          bar: `<= ${MOST_MB}`,
          measured: count(last),
          isMet: last <= MOST_MB,
          reason: 'see the minutes below',
        },
        {
          what: 'the same: the last three minutes',
          against: 'minutes 3 to 5',
          bar: `<= ${FLAT_RATIO}`,
          measured: growth.toFixed(2),
          isMet: growth <= FLAT_RATIO,
          reason: 'see the minutes below',
        },
      ],
      details: [
        `${count(done)} refunds with ${CLIENTS} clients. Median of each minute, in MB:`,
        table(['minute', ...minutes.map((_, index) => String(index + 1))], [['MB', ...minutes.map(count)]]),
      ].join('\n\n'),
    };
  } finally {
    await service.stop();
  }
}

const minutesOf = (sizes: readonly number[]): number[] =>
  Array.from(
    { length: Math.ceil(sizes.length / CHUNKS_OF_MINUTE) },
    (_, minute) => spreadOf(sizes.slice(minute * CHUNKS_OF_MINUTE, (minute + 1) * CHUNKS_OF_MINUTE)).median,
  );
