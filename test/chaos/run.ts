import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { parseGlobalId } from '../../src/resolvers/global-id.ts';
import type { Violation } from '../support/invariants.ts';
import { check } from './check.ts';
import { Client, type Common } from './client.ts';
import { explain } from './explain.ts';
import { History } from './history.ts';
import { readLogs } from './logs.ts';
import { makePayment } from './payments.ts';
import { Person } from './person.ts';
import { makePlan, type Plan } from './plan.ts';
import { residentMb } from './processes.ts';
import { Random } from './random.ts';
import { endFaults, readLedger, readSnapshot, settle, type Settled } from './settle.ts';
import type { Stage } from './stage.ts';
import { makeTrouble, type Counts } from './troubles.ts';
import { lostMessages, readMessages, readWebhookIds, untruthful } from './webhooks.ts';
import type { LivePayment } from './wish.ts';

export interface RunOptions {
  readonly seed: string;
  readonly seconds: number;
  /** After the faults real time is waited for, instead of moving time to the next look. */
  readonly realTime: boolean;
  readonly clients: number;
}

/** What a run did and found. */
export interface Result {
  readonly history: History;
  readonly troubles: Counts;
  /** What a person decided. */
  readonly verdicts: Counts;
  readonly settled: Settled;
  readonly violations: readonly Violation[];
  /** What is known of the payments that they name. */
  readonly explained: readonly string[];
  readonly alerts: ReadonlyMap<string, number>;
  readonly figures: Readonly<Record<string, string | number>>;
}

export const planOf = ({ seed, seconds }: RunOptions): Plan => makePlan(new Random(`plan ${seed}`), seconds);

/** Plays a plan on a stage, waits until all is found out, and checks everything. */
export async function run(stage: Stage, plan: Plan, options: RunOptions, stop: AbortSignal): Promise<Result> {
  const payments: LivePayment[] = [];
  for (const payment of plan.payments) payments.push(await makePayment(stage, payment));
  const history = new History();
  const common: Common = { urls: stage.urls, callers: stage.callers, payments, history, made: [] };
  await Promise.all(Object.values(stage.services).map((service) => service.start()));

  const watched = watch(stage);
  const over = AbortSignal.any([AbortSignal.timeout(options.seconds * 1000), stop]);
  const clients = Array.from(
    { length: options.clients },
    (_, index) => new Client(`client-${index + 1}`, new Random(`client ${options.seed}/${index}`), common),
  );
  const person = new Person(stage, new Random(`person ${options.seed}`));
  const acting = Promise.all([...clients.map((client) => client.run(over)), person.work(over)]);
  const troubles = await makeTrouble(stage, payments, plan.troubles, over);
  await until(over);
  await endFaults(stage);
  await acting;
  // No client calls the API from here on.
  const settled = await settle(stage, person, {
    realMs: options.realTime ? 600_000 : 400_000,
    movesTime: !options.realTime,
  });
  const peaks = watched.stop();

  const snapshot = await readSnapshot(stage);
  const ledger = await readLedger(stage);
  const violations: Violation[] = check({
    asked: history.asked,
    snapshot,
    ledger,
    rowIdOf,
  });
  violations.push(...history.wrong.map((what): Violation => ({ invariant: 'I9', what })));
  if (!settled.isSettled)
    violations.push(
      ...settled.open.map((what): Violation => ({ invariant: 'I7', what: `not settled: ${what}` })),
    );
  const made = new Set(
    history.asked.flatMap(({ answer }) => (answer.kind === 'refund' ? [answer.refund.id] : [])),
  );
  if (made.size < options.seconds / REFUND_EVERY_SECONDS)
    violations.push({
      invariant: 'I11',
      what: `only ${made.size} refunds were made: this run shows nothing`,
    });
  const { counts, acknowledged } = stage.relay;
  violations.push(
    ...untruthful(counts),
    ...lostMessages(acknowledged.values(), await readMessages(stage.db)),
  );
  violations.push(...(await stopAll(stage)));
  const webhookIds = await readWebhookIds(stage.db);
  const logs = await readLogs(path.join(stage.directory, 'logs'), [...stage.secrets, ...webhookIds.values()]);
  violations.push(...logs.violations, ...peaks.violations);
  return {
    history,
    troubles,
    verdicts: person.counts,
    settled,
    violations,
    explained: explain(violations, snapshot, ledger),
    alerts: logs.alerts,
    figures: {
      'legs left under review': snapshot.legs.filter(({ status }) => status === 'MANUAL_REVIEW').length,
      ...peaks.figures,
      'log lines': logs.lines,
    },
  };
}

const rowIdOf = (publicId: string): string => parseGlobalId(publicId)?.id ?? publicId;

const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** All end in order with exit code 0, and none had ended before without being told to. */
async function stopAll({ services, sandbox }: Stage): Promise<Violation[]> {
  const found: Violation[] = [...Object.values(services), sandbox].flatMap(({ fallen }) =>
    fallen.map((what): Violation => ({ invariant: 'I11', what })),
  );
  const codes = await Promise.all(
    Object.values(services).map(async (service) => ({ name: service.name, code: await service.stop() })),
  );
  for (const { name, code } of codes)
    if (code !== 0 && code !== undefined)
      found.push({ invariant: 'I11', what: `${name} was stopped in order and ended with ${code}` });
  return found;
}

/** At least; an idle machine makes several in a second. */
const REFUND_EVERY_SECONDS = 6;
const MOST_MB = 400;
const MOST_CONNECTIONS = 40;

/** Looks at memory and connections twice a second. */
function watch(stage: Stage) {
  const peaks = { memoryMb: 0, connections: 0 };
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      for (const service of [...Object.values(stage.services), stage.sandbox]) {
        await service.ready().catch(() => false);
        const memory = service.pid === undefined ? undefined : await residentMb(service.pid);
        if (service !== stage.sandbox) peaks.memoryMb = Math.max(peaks.memoryMb, memory ?? 0);
      }
      const { rows } = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'refund-federation'`
        .execute(stage.db)
        .catch(() => ({ rows: [] }));
      peaks.connections = Math.max(peaks.connections, rows[0]?.count ?? 0);
      await sleep(500, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const looking = look();
  void looking;
  return {
    stop() {
      stopped.abort();
      const violations: Violation[] = [];
      if (peaks.memoryMb > MOST_MB)
        violations.push({ invariant: 'I11', what: `a process took ${peaks.memoryMb} MB` });
      if (peaks.connections > MOST_CONNECTIONS)
        violations.push({ invariant: 'I11', what: `${peaks.connections} database connections` });
      return {
        violations,
        figures: { 'most memory MB': peaks.memoryMb, 'most connections': peaks.connections },
      };
    },
  };
}
