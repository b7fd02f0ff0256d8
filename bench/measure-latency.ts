import { insertHistory, refreshPayments } from './history.ts';
import { bodyOf, type Operation } from './load-orders.ts';
import { count, ms, table } from './report.ts';
import type { Finding, Run } from './run.ts';
import { apiKey, startService } from './service.ts';

/** As many as are under way when the service is asked for all that it can do. */
const FULL_CLIENTS = 16;
/** Enough that a slow answer holds up nobody else's request. */
const HALF_CLIENTS = 64;

/**
 * How long answers take at half of the load that the service can bear, by requests that begin on time whatever became of
 * those before. The service is as shipped: every request is logged, all limits are on.
 */
export async function measureLatency(run: Run): Promise<Finding> {
  const database = await run.server.database('latency');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    const create: Operation = { kind: 'create', account: run.instantAccount.code, paymentIds };
    const { query, variables } = JSON.parse(bodyOf(create, 0)) as { query: string; variables: object };
    const made = await service.ask<{ createRefund: { refund: { id: string } } }>(query, { ...variables });
    const poll: Operation = { kind: 'poll', refundId: made.createRefund.refund.id };
    const rows: string[][] = [];
    for (const [name, operation] of [
      ['createRefund', create] as const,
      ['polling one refund', poll] as const,
    ]) {
      const order = { urls: [service.url], key: apiKey, operation };
      const full = { ...order, clients: FULL_CLIENTS };
      await refreshPayments(database);
      await run.load.run({ ...full, ms: run.protocol.warmUpMs });
      const most = await run.load.run({ ...full, ms: run.isQuick ? 1_000 : 10_000 });
      await refreshPayments(database);
      const everyMs = (HALF_CLIENTS * 1_000) / (most.perSecond / 2);
      const half = await run.load.run({
        ...order,
        clients: HALF_CLIENTS,
        everyMs,
        ms: run.isQuick ? 2_000 : 30_000,
      });
      rows.push([name, count(most.perSecond), count(half.perSecond), ms(half.median), ms(half.p99)]);
    }
    return {
      bars: [],
      details: table(['', 'most per second', 'half of it', 'p50', 'p99'], rows),
    };
  } finally {
    await service.stop();
  }
}
