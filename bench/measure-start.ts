import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { spreadOf } from './alternate.ts';
import { temporaryDirectory } from './children.ts';
import { rssMbOf } from './process-figures.ts';
import { count, spreadText, table } from './report.ts';
import type { Finding, Run } from './run.ts';
import { startService } from './service.ts';

const STARTS = 5;
/** After the first answer, until memory is read. */
const SETTLED_MS = 2_000;

interface Start {
  readonly firstAnswerMs: number;
  readonly rssMb: number;
}

/**
 * From the command to the first GraphQL answer with the embedded server, and memory when nobody asks anything. The
 * bars are about the build, which is what production runs; from source, Node strips the types of each file first.
 */
export async function measureStart(run: Run): Promise<Finding> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: path.resolve(import.meta.dirname, '..') });
  const built = await startsOf(run, 'dist/main.js');
  const source = await startsOf(run, undefined);
  const existing = spreadOf(built.existing.map(({ firstAnswerMs }) => firstAnswerMs));
  const idle = spreadOf(built.existing.map(({ rssMb }) => rssMb));
  return {
    bars: [
      {
        what: 'start to first answer, existing database, in ms',
        against: '–',
        bar: '<= 1500',
        measured: spreadText(existing, count),
        isMet: existing.median <= 1_500,
        reason: 'the embedded server and the loading of modules',
      },
      {
        what: 'idle resident memory of the Node process, in MB',
        against: '–',
        bar: '<= 150',
        measured: spreadText(idle, count),
        isMet: idle.median <= 150,
        reason: 'modules and what their loading left behind',
      },
    ],
    details: table(
      ['', 'fresh database, ms', 'existing database, ms', 'idle, MB'],
      [rowOf('`node dist/main.js serve`', built), rowOf('`node src/main.ts serve`', source)],
    ),
  };
}

const rowOf = (name: string, { fresh, existing }: Awaited<ReturnType<typeof startsOf>>): string[] => [
  name,
  count(fresh.firstAnswerMs),
  spreadText(spreadOf(existing.map(({ firstAnswerMs }) => firstAnswerMs)), count),
  spreadText(spreadOf(existing.map(({ rssMb }) => rssMb)), count),
];

async function startsOf(
  run: Run,
  script: 'dist/main.js' | undefined,
): Promise<{ readonly fresh: Start; readonly existing: readonly Start[] }> {
  const dataDir = await temporaryDirectory('start');
  const start = async (): Promise<Start> => {
    const service = await startService(run.cores, {
      accounts: [run.instantAccount],
      core: 'any',
      env: { DATA_DIR: dataDir },
      ...(script === undefined ? {} : { script }),
    });
    await delay(SETTLED_MS);
    const rssMb = rssMbOf(service.child.pid);
    await service.stop();
    return { firstAnswerMs: service.firstAnswerMs, rssMb };
  };
  const fresh = await start();
  const existing: Start[] = [];
  for (let n = 0; n < (run.isQuick ? 1 : STARTS); n += 1) existing.push(await start());
  return { fresh, existing };
}
