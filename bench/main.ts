import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fullProtocol, quickProtocol } from './alternate.ts';
import { lineWith, removeDirectories, startChild, stopChildren } from './children.ts';
import { takeCores } from './cores.ts';
import { startServer } from './database.ts';
import { startLoadGenerator } from './load-generator.ts';
import { countCreate, measureCreate } from './measure-create.ts';
import { measureLatency } from './measure-latency.ts';
import { measureGrowth } from './measure-growth.ts';
import { measureLooks } from './measure-looks.ts';
import { measureMemory } from './measure-memory.ts';
import { measurePollers } from './measure-pollers.ts';
import { measurePolling } from './measure-polling.ts';
import { measureSdks } from './measure-sdks.ts';
import { measureSkipped } from './measure-skipped.ts';
import { measureStart } from './measure-start.ts';
import { profileCreate } from './profile.ts';
import { renderResults, writeResults, type Measured } from './results.ts';
import type { Finding, Run } from './run.ts';

const measures: readonly { readonly title: string; readonly measure: (run: Run) => Promise<Finding> }[] = [
  { title: 'createRefund', measure: measureCreate },
  { title: 'Statements of one createRefund', measure: countCreate },
  { title: 'Polling', measure: measurePolling },
  { title: 'Provider calls', measure: measureLooks },
  { title: 'A thousand pollers', measure: measurePollers },
  { title: 'What pollers are spared', measure: measureSkipped },
  { title: 'What one would write instead', measure: measureSdks },
  { title: 'Latency at half load', measure: measureLatency },
  { title: 'Growth', measure: measureGrowth },
  { title: 'Start and memory', measure: measureStart },
  { title: 'Ten minutes of load', measure: measureMemory },
  { title: 'Where the time goes', measure: profileCreate },
];

/**
 * `node bench/main.ts`: all measures, as Markdown on standard output. `--quick`: short, to see that everything runs.
 * `--write`: also into bench/results.json and docs/performance.md. `--only "createRefund, Polling"`: these parts; with
 * `--write` the others stay as they were measured before. `--providers yookassa,razorpay`: who takes part in the page
 * of stale refunds.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      providers: { type: 'string', default: '' },
    },
  });
  const titles = measures.map(({ title }) => title);
  const wanted = values.only?.split(',').map((title) => title.trim()) ?? titles;
  if (!wanted.every((title) => titles.includes(title)))
    throw new TypeError(`--only takes some of: ${titles.join(', ')}`);
  if (values.write && values.quick) throw new TypeError('--write is for measurements, and --quick is none.');
  const cores = takeCores();
  const server = await startServer();
  // Services before their database, and everything before its files.
  const end = async (): Promise<void> => {
    await stopChildren();
    await server.stop();
    await removeDirectories();
  };
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void end().finally(() => process.exit(1));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const stub = startChild(cores, 'bench/provider-stub.ts', [], { core: 'rest' });
    const run: Run = {
      cores,
      server,
      load: startLoadGenerator(cores),
      protocol: values.quick ? quickProtocol : fullProtocol,
      isQuick: values.quick,
      instantAccount: {
        code: 'bench-yookassa',
        provider: 'yookassa',
        baseUrl: String((await lineWith(stub, 'url'))['url']),
        credentials: { shopId: '100500', secretKey: 'test_bench' },
      },
      providers: values.providers === '' ? [] : values.providers.split(','),
    };
    const found: Measured[] = [];
    for (const { title, measure } of measures) {
      if (!wanted.includes(title)) continue;
      if (isInterrupted) return;
      process.stderr.write(`${title} ...\n`);
      const at = `${new Date().toISOString().slice(0, 16)}Z`;
      const load = loadavg()[0]!;
      const finding = await measure(run).catch((error: unknown) => notMeasured(title, error));
      found.push({ title, at, machine: machineOf(server.version), load, finding });
    }
    if (isInterrupted) return;
    process.stdout.write(`${conditions(run)}\n\n${renderResults(found)}`);
    if (values.write) await writeResults(titles, found);
  } finally {
    await end();
  }
}

/** One measure that fails must not take the others with it. */
function notMeasured(what: string, error: unknown): Finding {
  const reason = error instanceof Error ? error.message : String(error);
  process.exitCode = 1;
  return {
    bars: [{ what, against: '–', bar: '–', measured: 'failed', isMet: undefined, reason: 'see below' }],
    details: `Not measured: ${reason.slice(0, 1_000)}`,
  };
}

function machineOf(postgres: string): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model ?? 'unknown'}), Node ${process.versions.node}, PostgreSQL ${postgres} (embedded, fsync on)`;
}

function conditions({ cores, isQuick, protocol }: Run): string {
  const { rounds, windowMs, warmUpMs } = protocol;
  return [
    ...(cores.notice === '' ? [] : [cores.notice]),
    isQuick
      ? '**A quick run. It shows that everything runs; its figures are no measurement.**'
      : `${rounds} rounds of ${windowMs / 1000} s windows after a warm-up of ${warmUpMs / 1000} s.`,
  ].join('\n');
}

await main();
// Idle sockets of finished measures would keep the process for seconds.
process.exit();
