import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fullProtocol, quickProtocol } from './alternate.ts';
import { lineWith, removeDirectories, startChild, stopChildren } from './children.ts';
import { takeCores } from './cores.ts';
import { startServer } from './database.ts';
import { startLoadGenerator } from './load-generator.ts';
import { countCreate, measureCreate } from './measure-create.ts';
import { measureGrowth } from './measure-growth.ts';
import { measureLooks } from './measure-looks.ts';
import { measurePolling } from './measure-polling.ts';
import { measureStart } from './measure-start.ts';
import { profileCreate } from './profile.ts';
import { barTable } from './report.ts';
import type { Finding, Run } from './run.ts';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/performance.md');
/** What stands above this line in the document is written by hand. */
const MARK = '<!-- Below this line everything is printed by `npm run bench -- --write`. -->';

const measures: readonly { readonly title: string; readonly measure: (run: Run) => Promise<Finding> }[] = [
  { title: 'createRefund', measure: measureCreate },
  { title: 'Statements of one createRefund', measure: countCreate },
  { title: 'Polling', measure: measurePolling },
  { title: 'Provider calls', measure: measureLooks },
  { title: 'Growth', measure: measureGrowth },
  { title: 'Start and memory', measure: measureStart },
  { title: 'Where the time goes', measure: profileCreate },
];

/**
 * `node bench/main.ts`: all measures of the bars that exist by now, as Markdown on standard output.
 * `--quick`: short, to see that everything runs. `--write`: also into docs/performance.md. `--only createRefund`:
 * one measure. `--providers yookassa,razorpay`: who takes part in the page of stale refunds.
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
  if (values.only !== undefined && !titles.includes(values.only))
    throw new TypeError(`--only takes one of: ${titles.join(', ')}`);
  if (values.write && values.only !== undefined)
    throw new TypeError('--write is for whole runs: the document would lose the other parts.');
  const loadBefore = loadavg()[0]!;
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
    const found: { title: string; finding: Finding }[] = [];
    for (const { title, measure } of measures) {
      if (values.only !== undefined && values.only !== title) continue;
      if (isInterrupted) return;
      process.stderr.write(`${title} ...\n`);
      found.push({ title, finding: await measure(run).catch((error: unknown) => notMeasured(title, error)) });
    }
    if (isInterrupted) return;
    const report = [
      conditions(run, server.version, loadBefore),
      barTable(found.flatMap(({ finding }) => finding.bars)),
      ...found.map(({ title, finding }) => `## ${title}\n\n${finding.details}`),
      '',
    ].join('\n\n');
    process.stdout.write(report);
    if (values.write) await writeDocument(report);
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

function conditions({ cores, isQuick, protocol }: Run, postgres: string, load: number): string {
  const [cpu] = cpus();
  const lines = [
    `${new Date().toISOString().slice(0, 16)}Z, ${cpus().length} cores (${cpu?.model ?? 'unknown'}), Node ${process.versions.node}, PostgreSQL ${postgres} (embedded, fsync on). Load of the machine before the run: ${load.toFixed(2)}.`,
    cores.notice === ''
      ? 'The service runs on core 0; PostgreSQL, the load generator, pgbench and the provider stub on core 1.'
      : cores.notice,
  ];
  if (isQuick) lines.push('**A quick run. It shows that everything runs; its figures are no measurement.**');
  else
    lines.push(
      `${protocol.rounds} rounds of ${protocol.windowMs / 1000} s windows after a warm-up of ${protocol.warmUpMs / 1000} s.`,
    );
  return lines.join('\n');
}

async function writeDocument(report: string): Promise<void> {
  const before = (await readFile(DOCUMENT, 'utf8')).split(MARK)[0]!;
  await writeFile(DOCUMENT, `${before}${MARK}\n\n${report}`);
}

await main();
// Idle sockets of finished measures would keep the process for seconds.
process.exit();
