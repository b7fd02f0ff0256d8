import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryDirectory } from './children.ts';
import { insertHistory, refreshPayments } from './history.ts';
import type { Operation } from './load-orders.ts';
import { table } from './report.ts';
import type { Finding, Run } from './run.ts';
import { apiKey, startService } from './service.ts';

/** The part of V8's .cpuprofile that is read here. Times are in microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const CLIENTS = 16;

/** Where Node's time goes while it takes createRefund after createRefund. */
export async function profileCreate(run: Run): Promise<Finding> {
  const directory = await temporaryDirectory('profile');
  const database = await run.server.database('profiled');
  const service = await startService(run.cores, {
    accounts: [run.instantAccount],
    databaseUrl: database.url,
    nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${directory}`],
  });
  try {
    const paymentIds = await insertHistory(database, run.instantAccount.code);
    await refreshPayments(database);
    const operation: Operation = { kind: 'create', account: run.instantAccount.code, paymentIds };
    const order = { urls: [service.url], key: apiKey, clients: CLIENTS, operation };
    await run.load.run({ ...order, ms: run.protocol.warmUpMs });
    const loadMs = run.isQuick ? 1_000 : 10_000;
    await run.load.run({ ...order, ms: loadMs });
    const loadedMs = performance.now();
    await delay(100);
    await service.stop();
    const [file] = await readdir(directory);
    const profile = JSON.parse(await readFile(path.join(directory, file!), 'utf8')) as CpuProfile;
    // The last that was profiled is the stop, before it the load.
    return { bars: [], details: describe(profile, loadMs, performance.now() - loadedMs) };
  } finally {
    await service.stop();
  }
}

function describe(profile: CpuProfile, loadMs: number, afterMs: number): string {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const totalUs = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0);
  const [fromUs, toUs] = [totalUs - (afterMs + loadMs) * 1000, totalUs - afterMs * 1000];
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyUs = 0;
  let atUs = 0;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)' || atUs < fromUs || atUs > toUs) continue;
    const place = placeOf(frame.functionName, frame.url);
    const name = `${place}: ${frame.functionName === '' ? '(anonymous)' : frame.functionName}`;
    places.set(place, (places.get(place) ?? 0) + deltaUs);
    functions.set(name, (functions.get(name) ?? 0) + deltaUs);
    busyUs += deltaUs;
  }
  const top = (times: ReadonlyMap<string, number>, rows: number): string[][] =>
    [...times]
      .toSorted(([, left], [, right]) => right - left)
      .slice(0, rows)
      .map(([name, us]) => [`\`${name}\``, `${((us * 100) / busyUs).toFixed(1)} %`]);
  return [
    `Self time while Node was busy (${((busyUs / 1000 / loadMs) * 100).toFixed(0)} % of the time), by package or folder, then by function:`,
    table(['where', 'share'], top(places, 16)),
    table(['function', 'share'], top(functions, 16)),
  ].join('\n\n');
}

/** A package, a folder of src, Node itself, or what V8 does on its own. */
function placeOf(functionName: string, url: string): string {
  const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const inSource = /\/src\/([^/]+)/.exec(url)?.[1];
  if (inSource !== undefined) return `src/${inSource}`;
  if (url.startsWith('node:')) return 'node';
  return functionName.startsWith('(') ? functionName : 'native';
}
