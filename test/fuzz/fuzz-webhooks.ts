import { Agent, request as httpRequest } from 'node:http';
import { createRandom } from './random.ts';
import { nextRequest, type FuzzRequest, type FuzzTarget } from './webhook-requests.ts';

/** What came of a run, by sort of request and status; `cut`: no answer. */
export type FuzzCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface FuzzOptions {
  readonly seed: number;
  readonly runs: number;
  /** Called after every so many answers. */
  readonly onProgress?: (done: number) => void | Promise<void>;
}

const atOnce = 32;

/** Sends so many requests that follow from the seed, and counts what became of each. */
export async function fuzzWebhooks(
  origin: string,
  target: FuzzTarget,
  { seed, runs, onProgress }: FuzzOptions,
): Promise<FuzzCounts> {
  const random = createRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const counts: Record<string, Record<string, number>> = {};
  let begun = 0;
  let done = 0;
  const sender = async (): Promise<void> => {
    while (begun < runs) {
      begun += 1;
      const request = nextRequest(random, target);
      const status = await statusOf(origin, agent, request);
      const ofKind = (counts[request.kind] ??= {});
      ofKind[status] = (ofKind[status] ?? 0) + 1;
      done += 1;
      if (done % 5_000 === 0) await onProgress?.(done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  agent.destroy();
  return counts;
}

function statusOf(
  origin: string,
  agent: Agent,
  { method, path, headers, body }: FuzzRequest,
): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const sent = httpRequest(
      { hostname, port, method, path, agent, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.statusCode)));
        answer.on('error', () => resolve('cut'));
      },
    );
    sent.on('error', () => resolve('cut'));
    sent.end(body);
  });
}

/** The sum over all sorts, by status. */
export function totals(counts: FuzzCounts): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const ofKind of Object.values(counts))
    for (const [status, count] of Object.entries(ofKind)) sums[status] = (sums[status] ?? 0) + count;
  return sums;
}
