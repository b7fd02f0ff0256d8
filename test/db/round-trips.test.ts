import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordStatements, tally, type StatementLog, type Tally } from '../../bench/statement-log.ts';
import type { Background } from '../../src/refunds/background.ts';
import type { World } from '../../src/refunds/world.ts';
import { ask } from '../support/execute.ts';
import { newKey } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/**
 * What each operation may cost the database at most. The present figures: lower them with every improvement.
 * The budget of createRefund (DESIGN, section 10) is 4 round trips and 3 commits.
 */
const bounds: Readonly<Record<string, Tally>> = {
  'createRefund of one leg': { roundTrips: 3, statements: 3, commits: 2 },
  'createRefund replayed': { roundTrips: 3, statements: 3, commits: 0 },
  'polling one refund': { roundTrips: 2, statements: 2, commits: 0 },
  'page of 20 refunds with sources and legs': { roundTrips: 3, statements: 3, commits: 0 },
};

let t: TestWorld;
let world: World;
let log: StatementLog;
const underWay = new Set<Promise<void>>();

beforeAll(async () => {
  t = await createTestWorld('round_trips');
  world = { ...t.world, background: watched(t.world.background) };
  log = recordStatements();
});
afterAll(async () => {
  log.stop();
  await t.close();
});

/** The same background, whose work can be waited for: what goes on after the answer is a cost, too. */
const watched = (background: Background): Background => ({
  drain: (graceMs) => background.drain(graceMs),
  get draining() {
    return background.draining;
  },
  run(name, task) {
    const running = background.run(name, task);
    underWay.add(running);
    return running.finally(() => underWay.delete(running));
  },
});

async function untilQuiet(): Promise<void> {
  while (underWay.size > 0) await Promise.all(underWay);
}

/** The least of several runs: a run on a busy machine asks more often whether the provider has answered. */
async function leastOf(runs: number, operation: () => Promise<unknown>): Promise<Tally> {
  let least: Tally | undefined;
  for (let run = 0; run < runs; run += 1) {
    log.take();
    await operation();
    await untilQuiet();
    const counted = tally(log.take());
    if (least === undefined || counted.roundTrips < least.roundTrips) least = counted;
  }
  return least!;
}

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) { replayed refund { id status } errors { code message } }
}`;

async function create(paymentId: string, idempotencyKey: string): Promise<string> {
  const input = {
    idempotencyKey,
    payment: { provider: { account: 'yookassa-demo', paymentId } },
    amount: { money: { value: '10.00', currency: 'RUB' } },
    reason: 'GOODWILL',
    waitMs: 30_000,
  };
  const data = await ask<{ createRefund: { refund: { id: string; status: string } | null } }>(
    world,
    t.caller(),
    CREATE,
    { input },
  );
  expect(data.createRefund).toMatchObject({ refund: { status: 'SUCCEEDED' }, errors: [] });
  return data.createRefund.refund!.id;
}

/** A payment that the service has seen: its facts are fresh for a minute. */
async function seenPayment(): Promise<string> {
  const paymentId = await t.payment('1500.00');
  await create(paymentId, newKey());
  await untilQuiet();
  return paymentId;
}

const page = (first: number) => () =>
  ask<{ refunds: { nodes: unknown[] } }>(
    world,
    t.caller(),
    `query ($first: Int) { refunds(first: $first) { nodes {
       id status sources { seller amount { value } returned { value } leg { id } } legs { id status amount { value } }
     } } }`,
    { first },
  );

const operations: Readonly<Record<string, () => Promise<Tally>>> = {
  async 'createRefund of one leg'() {
    const paymentId = await seenPayment();
    return leastOf(5, () => create(paymentId, newKey()));
  },
  async 'createRefund replayed'() {
    const [paymentId, key] = [await seenPayment(), newKey()];
    await create(paymentId, key);
    await untilQuiet();
    return leastOf(3, () => create(paymentId, key));
  },
  async 'polling one refund'() {
    const id = await create(await seenPayment(), newKey());
    await untilQuiet();
    const source =
      'query ($id: ID!) { refund(by: { id: $id }) { id status isFinal freshness { pollAfterMs } } }';
    return leastOf(3, () => ask(world, t.caller(), source, { id }));
  },
  async 'page of 20 refunds with sources and legs'() {
    const paymentId = await seenPayment();
    for (let made = 0; made < 20; made += 1) await create(paymentId, newKey());
    expect((await page(20)()).refunds.nodes).toHaveLength(20);
    return leastOf(3, page(20));
  },
};

test.each(Object.keys(bounds))('%s costs the database no more than its bound', async (name) => {
  const counted = await operations[name]!();
  // A log that hears nothing would pass for ever.
  expect(counted.roundTrips).toBeGreaterThan(0);
  const exceeded = (['roundTrips', 'statements', 'commits'] as const)
    .filter((what) => counted[what] > bounds[name]![what])
    .map((what) => `${what}: ${counted[what]} instead of ${bounds[name]![what]}`);
  expect(exceeded).toEqual([]);
});

test('a longer page sends no more statements: nothing is read row by row', async () => {
  expect(await leastOf(3, page(20))).toEqual(await leastOf(3, page(1)));
});
