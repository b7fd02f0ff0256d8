import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findViolations } from '../support/invariants.ts';
import { serverPid } from '../support/service-process.ts';
import { takeSnapshot } from '../support/snapshot.ts';
import type { LedgerPayment } from '../support/world.ts';
import { openRows } from './embedded-rows.ts';
import { newPayment, refund, refundsAtProvider, type CreatedRefund } from './refund.ts';
import {
  control,
  createPlace,
  graphql,
  run,
  runDemo,
  sandboxPid,
  signal,
  type Place,
  type Service,
} from './service.ts';

let place: Place;
let pids: Set<number>;
beforeEach(async () => {
  place = await createPlace();
  pids = new Set();
});
afterEach(async () => {
  for (const pid of pids) signal(pid, 'SIGKILL');
  await place.remove();
});

interface Line {
  readonly msg: string;
  readonly process?: number;
  readonly pid?: number;
  readonly reason?: string;
}

const linesOf = (service: Service): Line[] =>
  service
    .stdout()
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

const linesThatSay = (service: Service, message: string): Line[] =>
  linesOf(service).filter(({ msg }) => msg === message);

/** Ids of the processes of a service, by their number, the present one of each. */
function processesOf(service: Service): Map<number, number> {
  const found = new Map(linesThatSay(service, 'process started').map((line) => [line.process!, line.pid!]));
  for (const pid of found.values()) pids.add(pid);
  return found;
}

/** Starts a demo of several processes, and waits until all take requests. */
async function startDemo(env: Record<string, string> = {}): Promise<{ service: Service; url: string }> {
  const service = runDemo(place, { WEB_CONCURRENCY: '2', ...env });
  const url = await service.url();
  // The banner comes last: now all take requests, and the sandbox knows whom to tell of its clock.
  await expect.poll(() => service.stdout(), { timeout: 30_000 }).toContain('Stop with Ctrl-C');
  processesOf(service);
  return { service, url };
}

/** On a connection of its own: which process takes it is decided by connection. */
async function askAnew(url: string): Promise<void> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer rf_demo_00000000000000000000000000000000',
      'content-type': 'application/json',
      connection: 'close',
    },
    body: '{"query":"{ viewer { merchant { code } } }"}',
  });
  expect(await answer.json()).toEqual({ data: { viewer: { merchant: { code: 'demo' } } } });
}

/** Whoever takes over the children of a dead process may need seconds to bury them. */
const untilGone = (running: readonly number[]): Promise<void> =>
  expect.poll(() => running.filter(isRunning), { timeout: 20_000 }).toEqual([]);

const isRunning = (pid: number): boolean => signal(pid, 0);

const metric = (page: string, name: string): number =>
  Number(new RegExp(`^refund_federation_${name} (\\S+)$`, 'm').exec(page)?.[1]);
const scrape = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

async function end(service: Service): Promise<void> {
  service.child.kill('SIGTERM');
  expect(await service.exit).toBe(0);
}

describe('a service of several processes', () => {
  it('answers from each of them, says which in its log, and ends all with SIGTERM', async () => {
    const { service, url } = await startDemo({ WEB_CONCURRENCY: '3' });
    const running = [...processesOf(service).values()];
    expect(new Set(running).size).toBe(3);
    expect(running).not.toContain(service.child.pid);
    for (let n = 0; n < 9; n += 1) await askAnew(url);
    await expect
      .poll(() => new Set(linesThatSay(service, 'request').map((line) => line.process)))
      .toEqual(new Set([1, 2, 3]));
    // The banner of the demo is for a person, who reads it once.
    expect(service.stdout().match(/^Payments to try/gm)).toHaveLength(1);
    await end(service);
    expect(running.filter(isRunning)).toEqual([]);
    expect(await serverPid(place.dataDir)).toBeUndefined();
    expect(await sandboxPid(place.dataDir)).toBeUndefined();
  });

  it('shows the metrics of all as those of one', async () => {
    const { service, url } = await startDemo();
    await control(place, 'POST', 'mode', { provider: 'yookassa', refunds: 'pending' });
    for (let n = 0; n < 4; n += 1) await refund(url, await newPayment(place), `metrics-${n}`);
    for (let n = 0; n < 6; n += 1) await askAnew(url);
    const sent = 'sends_total{account="yookassa-demo",outcome="accepted"}';
    const queries = 'graphql_requests_total{type="query",outcome="ok"}';
    const open = 'open_legs{account="yookassa-demo",status="PENDING"}';
    const answered = 'graphql_request_duration_seconds_count{type="query"}';
    // What the database knows is read at most every five seconds.
    await expect.poll(async () => metric(await scrape(url), open), { timeout: 20_000 }).toBe(4);
    for (let n = 0; n < 4; n += 1) {
      const page = await scrape(url);
      expect(metric(page, sent)).toBe(4);
      expect(metric(page, queries)).toBe(6);
      expect(metric(page, answered)).toBe(6);
      expect(metric(page, open)).toBe(4);
      expect(metric(page, 'database_answers')).toBe(1);
      expect(metric(page, 'processes')).toBe(2);
      expect(metric(page, 'alerts_total{code="ACCOUNT_UNREACHABLE"}')).toBe(0);
    }
    await end(service);
  });

  it('keeps its counters when a process dies, and shows them at a port of their own', async () => {
    const { service, url } = await startDemo({ METRICS_PORT: '0' });
    const port = /"port":(\d+),"msg":"metrics are served"/.exec(service.stdout())?.[1];
    const own = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    for (let n = 0; n < 8; n += 1) await askAnew(url);
    const queries = 'graphql_requests_total{type="query",outcome="ok"}';
    await expect.poll(async () => metric(await scrape(own), queries)).toBe(8);
    process.kill(processesOf(service).get(1)!, 'SIGKILL');
    await expect.poll(() => linesThatSay(service, 'listening'), { timeout: 30_000 }).toHaveLength(3);
    await askAnew(url);
    await expect.poll(async () => metric(await scrape(own), queries)).toBe(9);
    expect(metric(await scrape(own), 'processes')).toBe(2);
    await end(service);
  });

  it('has one clock: what the sandbox tells one process, all follow, also one that starts later', async () => {
    const { service, url } = await startDemo();
    const ahead = 100 * 86_400;
    const told = await control(place, 'POST', 'clock', { advanceSeconds: ahead });
    expect(told).toMatchObject({ followers: [{ ok: true }] });
    const payment = await newPayment(place);
    process.kill(processesOf(service).get(2)!, 'SIGKILL');
    await expect.poll(() => linesThatSay(service, 'listening'), { timeout: 30_000 }).toHaveLength(3);
    const query = `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } }) { freshness { asOf } } }`;
    for (let n = 0; n < 6; n += 1) {
      const { data, errors } = await graphqlAnew(url, query, { id: payment });
      expect(errors).toBeUndefined();
      const { freshness } = data!['payment'] as { freshness: { asOf: string } };
      expect(Date.parse(freshness.asOf) - Date.now()).toBeGreaterThan((ahead - 3_600) * 1_000);
    }
    await end(service);
  });
});

async function graphqlAnew(url: string, query: string, variables: object): ReturnType<typeof graphql> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer rf_demo_00000000000000000000000000000000',
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()) as Awaited<ReturnType<typeof graphql>>;
}

/** Callers that refund one payment after the other until the service is gone; what they were told. */
function refundForAsLongAsPossible(url: string, payments: readonly string[]) {
  const told: { payment: string; key: string; answer: CreatedRefund }[] = [];
  let stopped = false;
  let cut = 0;
  const callers = payments.map(async (payment, caller) => {
    for (let n = 0; !stopped && n < 60; n += 1) {
      const key = `load-${caller}-${n}`;
      const answer = await refund(url, payment, key).catch(() => undefined);
      if (answer === undefined) cut += 1;
      else told.push({ payment, key, answer });
      if (answer === undefined) await delay(20);
    }
  });
  return {
    told,
    cut: () => cut,
    async stop() {
      stopped = true;
      await Promise.all(callers);
    },
  };
}

async function expectAllHold(told: readonly { key: string; answer: CreatedRefund }[]): Promise<void> {
  const rows = await openRows(place.dataDir);
  try {
    await expect
      .poll(
        async () => {
          await control(place, 'POST', 'clock', { advanceSeconds: 20 });
          const { legs } = await takeSnapshot(rows.db);
          return legs.filter(({ status }) => status !== 'SUCCEEDED').length;
        },
        { timeout: 60_000, interval: 250 },
      )
      .toBe(0);
    const { payments } = (await control(place, 'GET', 'ledger?provider=yookassa')) as {
      payments: LedgerPayment[];
    };
    expect(findViolations(await takeSnapshot(rows.db), payments, { quiet: true })).toEqual([]);
    const keys = await rows.db.selectFrom('idempotency').select('key').execute();
    const known = new Set(keys.map(({ key }) => key));
    expect(told.filter(({ key }) => !known.has(key))).toEqual([]);
  } finally {
    await rows.close();
  }
}

describe('SIGTERM to the parent under load', () => {
  it('lets every process end its work; no answered refund is lost; exit 0', async () => {
    const { service, url } = await startDemo();
    const payments = await Promise.all(Array.from({ length: 6 }, () => newPayment(place)));
    const load = refundForAsLongAsPossible(url, payments);
    await expect.poll(() => load.told.length, { timeout: 30_000 }).toBeGreaterThan(20);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    await load.stop();
    const wrong = load.told.filter(
      ({ answer }) => answer.errors.length > 0 || answer.refund?.status !== 'SUCCEEDED',
    );
    expect(wrong).toEqual([]);

    const next = await startDemo();
    await expectAllHold(load.told);
    for (const { payment, key, answer } of load.told.slice(-6))
      expect(await refund(next.url, payment, key)).toMatchObject({
        replayed: true,
        refund: { id: answer.refund!.id },
      });
    await end(next.service);
  });

  it('twice ends all at once with 1', async () => {
    const { service, url } = await startDemo();
    const running = [...processesOf(service).values()];
    const payment = await newPayment(place);
    await control(place, 'POST', 'faults', { provider: 'yookassa', operation: 'createRefund', kind: 'hang' });
    const answer = refund(url, payment, 'hanging-refund').catch(() => 'cut');
    await expect
      .poll(async () => {
        const { requests } = (await control(place, 'GET', 'requests?provider=yookassa')) as {
          requests: { method: string }[];
        };
        return requests.some(({ method }) => method === 'POST');
      })
      .toBe(true);
    service.child.kill('SIGTERM');
    await expect.poll(() => linesThatSay(service, 'stopping').length).toBeGreaterThan(1);
    // Sooner, it would be taken for the same wish.
    await delay(1_100);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(1);
    expect(await answer).toBe('cut');
    await untilGone(running);
  });
});

describe('a process that dies', () => {
  it('under load is replaced; nothing is lost and nothing is sent twice', async () => {
    const { service, url } = await startDemo();
    const payments = await Promise.all(Array.from({ length: 6 }, () => newPayment(place)));
    await control(place, 'POST', 'faults', {
      provider: 'yookassa',
      operation: 'createRefund',
      kind: 'slow',
      ms: 200,
      times: 1_000,
    });
    const load = refundForAsLongAsPossible(url, payments);
    await expect.poll(() => load.told.length, { timeout: 30_000 }).toBeGreaterThan(10);
    process.kill(processesOf(service).get(1)!, 'SIGKILL');
    await expect.poll(() => linesThatSay(service, 'listening'), { timeout: 30_000 }).toHaveLength(3);
    await load.stop();
    await control(place, 'DELETE', 'faults');
    // What the dead one was asked is cut; the other one goes on.
    expect(load.cut()).toBeGreaterThan(0);
    await expectAllHold(load.told);
    expect(linesThatSay(service, 'a process ended; another takes its place')).toMatchObject([
      { process: 1, reason: 'it ended with SIGKILL' },
    ]);
    await end(service);
  });

  it('at once, again and again, ends the service with the reason and 1', async () => {
    const { service } = await startDemo();
    const dead = new Set<number>();
    const killer = setInterval(() => {
      const pid = processesOf(service).get(1)!;
      if (!dead.has(pid)) signal(pid, 'SIGKILL');
      dead.add(pid);
    }, 20);
    expect(await service.exit).toBe(1);
    clearInterval(killer);
    expect(service.stdout()).toContain('a process of the service cannot be kept alive');
    expect(service.stdout()).toContain(
      'process 1 ended 5 times in a row right after its start: it ended with SIGKILL',
    );
    expect([...processesOf(service).values()].filter(isRunning)).toEqual([]);
    expect(await serverPid(place.dataDir)).toBeUndefined();
  });
});

describe('a parent that is killed', () => {
  it('takes its processes with it; the next start finds out about what they were sending', async () => {
    const { service, url } = await startDemo();
    const running = [...processesOf(service).values()];
    const payment = await newPayment(place);
    await control(place, 'POST', 'faults', {
      provider: 'yookassa',
      operation: 'createRefund',
      kind: 'slow',
      ms: 1_500,
    });
    const answer = refund(url, payment, 'orphaned').catch(() => 'cut');
    while ((await refundsAtProvider(place, payment)) === 0) await delay(10);
    service.child.kill('SIGKILL');
    expect(await service.exit).toBe('SIGKILL');
    expect(await answer).toBe('cut');
    await untilGone(running);

    const next = await startDemo();
    await expectAllHold([]);
    expect(await refund(next.url, payment, 'orphaned')).toMatchObject({
      replayed: true,
      refund: { status: 'SUCCEEDED' },
    });
    expect(await refundsAtProvider(place, payment)).toBe(1);
    await end(next.service);
  });
});

describe('a start of several processes is refused', () => {
  it('once, on a port that is in use; nothing is left running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const service = runDemo(place, { WEB_CONCURRENCY: '3', PORT: port });
    expect(await service.exit).toBe(1);
    other.close();
    expect(service.stderr()).toBe(
      `The port ${port} is in use. Stop what uses it, or set PORT to another one.\n`,
    );
    expect([...processesOf(service).values()].filter(isRunning)).toEqual([]);
    expect(await serverPid(place.dataDir)).toBeUndefined();
    expect(await sandboxPid(place.dataDir)).toBeUndefined();
  });

  it.each(['0', '65', 'two', '1.5', '-1'])('with WEB_CONCURRENCY=%s', async (value) => {
    const service = run(['serve'], { DEMO: '1', WEB_CONCURRENCY: value });
    expect(await service.exit).toBe(1);
    expect(service.stderr()).toContain(
      `WEB_CONCURRENCY: "${value}" is not allowed; it must be a whole number from 1 to 64`,
    );
  });

  it('with more connections than the embedded server has', async () => {
    const service = run(['serve'], { DEMO: '1', WEB_CONCURRENCY: '10' });
    expect(await service.exit).toBe(1);
    expect(service.stderr()).toContain(
      'WEB_CONCURRENCY: 10 processes with DB_POOL_SIZE=10 connections each want 100',
    );
  });
});
