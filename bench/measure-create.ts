import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { compare, spreadOf, type Comparison } from './alternate.ts';
import { bodyOf, type Operation } from './load-orders.ts';
import { findPgbench, pgbenchMissing, prepareReference, runReference } from './pgbench.ts';
import { rssMbOf } from './process-figures.ts';
import { count, ms, numberedList, spreadText } from './report.ts';
import { insertHistory, refreshPayments } from './history.ts';
import { sideOf, type Bar, type Finding, type Run } from './run.ts';
import { startService } from './service.ts';
import { summarise, tally, type SentStatement, type Tally } from './statement-log.ts';

const CLIENTS = 16;
const against = '`pgbench` on `bench/reference-create.sql`';

/** createRefund end to end, against the fewest statements that keep the rule "intent first". */
export async function measureCreate(run: Run): Promise<Finding> {
  const pgbench = findPgbench();
  const database = await run.server.database('create_refund');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    const operation: Operation = { kind: 'create', account: run.instantAccount.code, paymentIds };
    const measured = sideOf(run, service, { clients: CLIENTS, operation }, () => refreshPayments(database));
    if (pgbench === undefined) {
      await measured(run.protocol.warmUpMs);
      const windows = [await measured(run.protocol.windowMs), await measured(run.protocol.windowMs)];
      const perSecond = spreadOf(windows.map((window) => window.perSecond));
      const cpuMs = spreadOf(windows.map((window) => window.cpuMs ?? Number.NaN)).median;
      return {
        bars: [{ ...ratioBar, measured: '–', isMet: undefined, reason: pgbenchMissing }, cpuBar(cpuMs)],
        details: `\`createRefund\`: ${count(perSecond.median)} per second.`,
      };
    }
    const reference = await run.server.database('reference');
    await prepareReference(reference);
    const seconds = Math.round(run.protocol.windowMs / 1000);
    const probes: { clients: number; perSecond: number }[] = [];
    for (const clients of [1, 8, 16])
      probes.push({ clients, perSecond: await runReference(pgbench, reference, clients, seconds) });
    const best = probes.toSorted((a, b) => b.perSecond - a.perSecond)[0]!;
    const comparison = await compare(run.protocol, measured, async (windowMs) => {
      const windowSeconds = Math.round(windowMs / 1000);
      const startedMs = run.server.cpuMs();
      const perSecond = await runReference(pgbench, reference, best.clients, windowSeconds);
      return { perSecond, postgresMs: (run.server.cpuMs() - startedMs) / (perSecond * windowSeconds) };
    });
    const rssMb = rssMbOf(service.child.pid);
    return {
      bars: [ratioOf(comparison), cpuBar(comparison.cpuMs!), memoryBar(rssMb)],
      details: [
        `\`createRefund\` with ${CLIENTS} clients: ${spreadText(comparison.measured, count)} per second,`,
        `${ms(comparison.cpuMs!)} of Node CPU and ${ms(comparison.postgresMs!)} of PostgreSQL CPU each; the reference with ${best.clients} clients (best of`,
        `${probes.map((probe) => `${probe.clients}: ${count(probe.perSecond)}`).join(', ')}):`,
        `${spreadText(comparison.reference, count)} per second, ${ms(comparison.referencePostgresMs!)} of PostgreSQL CPU each.`,
        `Against itself: ${spreadText(comparison.same)}.`,
        'The provider is a stub with a constant answer (`bench/provider-stub.ts`): the sandbox would take more of the core than PostgreSQL.',
      ].join('\n'),
    };
  } finally {
    await service.stop();
  }
}

const ratioBar: Omit<Bar, 'measured' | 'isMet'> = {
  what: '`createRefund` end to end, throughput',
  against,
  bar: '>= 0.25',
  reason: '',
};

const ratioOf = ({ ratio, same, isVoid, ...cost }: Comparison): Bar => ({
  ...ratioBar,
  reason: `each takes ${ms(cost.cpuMs!)} of Node and ${ms(cost.postgresMs!)} of PostgreSQL; the reference ${ms(cost.referencePostgresMs!)} of PostgreSQL`,
  measured: spreadText(ratio) + (isVoid ? `, void: against itself ${spreadText(same)}` : ''),
  isMet: isVoid ? undefined : ratio.median >= 0.25,
});

const cpuBar = (cpuMs: number): Bar => ({
  what: '`createRefund`, Node CPU per refund',
  against: '–',
  bar: '<= 2 ms',
  measured: ms(cpuMs),
  isMet: cpuMs <= 2,
  reason: 'mostly the round trips, see "Where the time goes"',
});

const memoryBar = (rssMb: number): Bar => ({
  what: 'resident memory after the load of `createRefund`, in MB',
  against: '–',
  bar: '<= 400',
  measured: count(rssMb),
  isMet: rssMb <= 400,
  reason: 'see the profile',
});

/** What one createRefund sends to the database, its work after the answer included. */
export async function countCreate(run: Run): Promise<Finding> {
  const database = await run.server.database('counted');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
    script: 'bench/counting-service.ts',
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    const { process: child } = service.child;
    const take = async (): Promise<SentStatement[]> => {
      // What goes on after the answer is a cost, too; it is over long before.
      await delay(300);
      child.send('take');
      const [sent] = (await once(child, 'message')) as [SentStatement[]];
      return sent;
    };
    let least: SentStatement[] = [];
    for (let n = 0; n < 5; n += 1) {
      const operation: Operation = { kind: 'create', account: run.instantAccount.code, paymentIds };
      await take();
      const { query, variables } = JSON.parse(bodyOf(operation, n)) as { query: string; variables: object };
      await service.ask(query, { ...variables });
      const sent = await take();
      if (least.length === 0 || sent.length < least.length) least = sent;
    }
    return {
      bars: countBars(tally(least)),
      details: numberedList(
        least.map(({ text, connection }) => `connection ${connection}: ${summarise(text)}`),
      ),
    };
  } finally {
    await service.stop();
  }
}

const countBars = ({ roundTrips, commits, statements }: Tally): Bar[] => [
  {
    what: '`createRefund`, round trips to the database',
    against: '–',
    bar: '<= 4',
    measured: `${roundTrips} (${statements} statements)`,
    isMet: roundTrips <= 4,
    reason: 'see "Statements of one createRefund"',
  },
  {
    what: '`createRefund`, commits',
    against: '–',
    bar: '<= 3',
    measured: String(commits),
    isMet: commits <= 3,
    reason: 'see "Statements of one createRefund"',
  },
];
