import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spreadOf } from './alternate.ts';
import { rssMbOf } from './process-figures.ts';
import { count, spreadText } from './report.ts';
import type { Finding, Run } from './run.ts';
import { startService } from './service.ts';

const STARTS = 5;

/** From the command to the first GraphQL answer with the embedded server, and memory when nobody asks anything. */
export async function measureStart(run: Run): Promise<Finding> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'refund-bench-start-'));
  const start = async (idleMs: number): Promise<{ firstAnswerMs: number; rssMb: number }> => {
    const service = await startService(run.cores, {
      accounts: [run.instantAccount],
      core: 'any',
      env: { DATA_DIR: dataDir },
    });
    await delay(idleMs);
    const rssMb = rssMbOf(service.child.pid);
    await service.stop();
    return { firstAnswerMs: service.firstAnswerMs, rssMb };
  };
  try {
    const fresh = await start(0);
    const starts: Awaited<ReturnType<typeof start>>[] = [];
    for (let n = 0; n < (run.isQuick ? 1 : STARTS); n += 1) starts.push(await start(2_000));
    const existing = spreadOf(starts.map(({ firstAnswerMs }) => firstAnswerMs));
    const idle = spreadOf(starts.map(({ rssMb }) => rssMb));
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
          reason: 'modules that are loaded and not needed',
        },
      ],
      details: `With a fresh data directory, where the database is made first: ${count(fresh.firstAnswerMs)} ms to the first answer.`,
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
