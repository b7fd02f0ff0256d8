import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/db/tables.ts';
import { failpointNames, type FailpointName } from '../../src/failpoints.ts';
import { parseGlobalId } from '../../src/resolvers/global-id.ts';
import { holdPayment } from '../support/busy-payment.ts';
import { findViolations, isOpen } from '../support/invariants.ts';
import { takeSnapshot } from '../support/snapshot.ts';
import type { LedgerPayment } from '../support/world.ts';
import { openRows } from './embedded-rows.ts';
import { cancelPayment, newPayment, refund, refundsAtProvider, type CreatedRefund } from './refund.ts';
import { control, createPlace, environmentOf, run, runDemo, type Place, type Service } from './service.ts';

// Two services and a provider start one after the other, on machines with little to spare.
vi.setConfig({ testTimeout: 120_000 });

let place: Place;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

const key = 'killed-in-between';

/**
 * How a process comes to a point. `create`: while it answers createRefund. `busy`: the same, while somebody else has the
 * payment's lock, so that the outcome is stored before what follows from it. `pending`: while its engine looks at a refund
 * that the provider has ended meanwhile. `lost`: while its engine finds out about an answer that was lost. `void`: while it
 * answers cancelPayment. `webhook`: right after it has answered a webhook. `event`: while it delivers one, which
 * test/events/killed.test.ts plays.
 */
type Scene = 'create' | 'busy' | 'pending' | 'lost' | 'void' | 'webhook' | 'event';

/** Every point of the registry has its scene; one without fails the first test. */
const scenes: Readonly<Record<FailpointName, Scene>> = {
  'refund.before-intent': 'create',
  'refund.after-intent': 'create',
  'send.before-call': 'create',
  'send.after-call': 'create',
  'send.after-outcome': 'busy',
  'send.after-transition': 'create',
  'engine.after-claim': 'pending',
  'engine.before-release': 'pending',
  'recover.after-look': 'lost',
  'recover.before-replay': 'lost',
  'recover.after-replay': 'lost',
  'void.after-intent': 'void',
  'void.after-call': 'void',
  'events.after-claim': 'event',
  'events.after-answer': 'event',
  'webhook.after-store': 'webhook',
};

test('every failpoint has a case', () => {
  expect(Object.keys(scenes).toSorted()).toEqual([...failpointNames].toSorted());
});

const pointsOf = (...wanted: Scene[]): FailpointName[] =>
  failpointNames.filter((name) => wanted.includes(scenes[name]));

async function startWorker(env: Record<string, string> = {}): Promise<Service> {
  const worker = run(['worker'], { DEMO: '1', ...environmentOf(place), ...env });
  await expect.poll(() => worker.stdout(), { timeout: 30_000 }).toContain('"msg":"working"');
  return worker;
}

async function provider(route: string, body: object): Promise<void> {
  const answer = await control(place, 'POST', route, { provider: 'yookassa', ...body });
  expect(answer).not.toHaveProperty('error');
}

/** What happens at the provider before the refund, and after its caller was answered. */
async function play(scene: Scene, url: string, payment: string): Promise<CreatedRefund> {
  if (scene === 'pending') await provider('mode', { refunds: 'pending' });
  if (scene === 'lost') await provider('faults', { operation: 'createRefund', kind: 'lost-before-effect' });
  const answer = await refund(url, payment, key);
  await provider('mode', { refunds: 'instant' });
  if (scene === 'pending') await provider('settle', { all: true, status: 'succeeded' });
  return answer;
}

/** Nobody calls the API: time passes, and the engine of whoever runs finds out. */
async function untilNothingIsOpen(db: Kysely<Database>): Promise<void> {
  for (let look = 0; look < 120; look += 1) {
    const { legs } = await takeSnapshot(db);
    if (!legs.some(isOpen)) return;
    // What is due now is not waited for; the rest has its gap or the lease of the dead process before it.
    if (look > 4) await control(place, 'POST', 'clock', { advanceSeconds: 20 });
    await delay(250);
  }
  throw new Error('legs stayed open');
}

/** I1 to I8 by SQL and by the provider's books; then the caller comes back with its key. */
async function expectOneRefund(
  db: Kysely<Database>,
  url: string,
  payment: string,
  told?: CreatedRefund,
): Promise<void> {
  const { payments } = (await control(place, 'GET', 'ledger?provider=yookassa')) as {
    payments: LedgerPayment[];
  };
  const snapshot = await takeSnapshot(db);
  expect(findViolations(snapshot, payments, { quiet: true })).toEqual([]);
  const stored = snapshot.refunds.map(({ id, status }) => ({ id, status }));
  expect(await refundsAtProvider(place, payment)).toBe(stored.length);

  const again = await refund(url, payment, key);
  expect(again).toMatchObject({ replayed: stored.length === 1, refund: { status: 'SUCCEEDED' }, errors: [] });
  if (told?.refund) expect(again.refund?.id).toBe(told.refund.id);
  if (stored.length === 1)
    expect(stored).toEqual([{ id: parseGlobalId(again.refund!.id)!.id, status: 'SUCCEEDED' }]);
  expect(await refundsAtProvider(place, payment)).toBe(1);
}

/** Looks at what a killed process left, without a caller, until all is known; then ends what runs. */
async function expectFoundOut(
  services: readonly Service[],
  url: string,
  payment: string,
  told?: CreatedRefund,
): Promise<void> {
  const rows = await openRows(place.dataDir);
  try {
    await untilNothingIsOpen(rows.db);
    await expectOneRefund(rows.db, url, payment, told);
  } finally {
    await rows.close();
  }
  for (const { child, exit } of services) {
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  }
}

describe('a service that is killed', () => {
  test.each(pointsOf('create'))('at %s is found out about by the next one alone', async (point) => {
    const first = runDemo(place, { FAILPOINTS: `${point}:kill` });
    const url = await first.url();
    const payment = await newPayment(place);
    const answer = refund(url, payment, key).catch(() => 'cut');
    expect(await first.exit).toBe('SIGKILL');
    expect(await answer).toBe('cut');
    const next = runDemo(place);
    await expectFoundOut([next], await next.url(), payment);
  });

  test.each(pointsOf('busy'))('at %s, with its payment in other hands, too', async (point) => {
    const first = runDemo(place, { FAILPOINTS: `${point}:kill` });
    const url = await first.url();
    const payment = await newPayment(place);
    await provider('faults', { operation: 'createRefund', kind: 'slow', ms: 1_500 });
    const answer = refund(url, payment, key).catch(() => 'cut');
    while ((await refundsAtProvider(place, payment)) === 0) await delay(10);
    const rows = await openRows(place.dataDir);
    try {
      const held = await holdPayment(rows.db, payment, () => first.exit);
      await held.released;
      expect(await first.exit).toBe('SIGKILL');
      expect(await answer).toBe('cut');
      const stored = rows.db.selectFrom('leg_attempts').innerJoin('refund_legs', 'id', 'leg_id');
      expect(await stored.select(['outcome', 'status']).execute()).toEqual([
        { outcome: 'accepted', status: 'SENDING' },
      ]);
    } finally {
      await rows.close();
    }
    const next = runDemo(place);
    await expectFoundOut([next], await next.url(), payment);
  });

  test.each(pointsOf('pending', 'lost'))('at %s of its engine, too', async (point) => {
    const first = runDemo(place, { FAILPOINTS: `${point}:kill` });
    const url = await first.url();
    const payment = await newPayment(place);
    const told = await play(scenes[point], url, payment);
    await control(place, 'POST', 'clock', { advanceSeconds: 10 });
    expect(await first.exit).toBe('SIGKILL');
    const next = runDemo(place);
    await expectFoundOut([next], await next.url(), payment, told);
  });

  test.each(pointsOf('void'))('at %s has the hold released by the next one, once', async (point) => {
    const first = runDemo(place, { FAILPOINTS: `${point}:kill` });
    const url = await first.url();
    const hold = await newPayment(place, { status: 'authorized' });
    const answer = cancelPayment(url, hold, key).catch(() => 'cut');
    expect(await first.exit).toBe('SIGKILL');
    expect(await answer).toBe('cut');
    const next = runDemo(place);
    const nextUrl = await next.url();
    const rows = await openRows(place.dataDir);
    try {
      await expect
        .poll(
          async () => {
            await control(place, 'POST', 'clock', { advanceSeconds: 20 });
            return rows.db.selectFrom('payment_operations').select(['kind', 'status']).execute();
          },
          { timeout: 60_000, interval: 250 },
        )
        .toEqual([{ kind: 'VOID', status: 'SUCCEEDED' }]);
    } finally {
      await rows.close();
    }
    const books = await control(place, 'GET', `ledger?provider=yookassa&reference=${hold}`);
    expect(books).toMatchObject({ payments: [{ reference: hold, voided: true, refunds: [] }] });
    expect(await cancelPayment(nextUrl, hold, key)).toMatchObject({
      outcome: 'VOIDED',
      replayed: true,
      errors: [],
    });
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  });

  test.each(pointsOf('webhook'))(
    'at %s has what it acknowledged worked on by the next one',
    async (point) => {
      const first = runDemo(place, { FAILPOINTS: `${point}:kill` });
      const url = await first.url();
      const payment = await newPayment(place);
      await provider('mode', { refunds: 'pending' });
      const told = await refund(url, payment, key);
      await provider('webhooks', { mode: 'on', url: `${url}/webhooks/{account}` });
      await provider('settle', { all: true, status: 'succeeded' });
      expect(await first.exit).toBe('SIGKILL');
      const sent = await control(place, 'GET', 'webhooks?provider=yookassa');
      const acknowledged = { attempts: 1, lastStatus: 200, acknowledged: true };
      expect(sent).toMatchObject({ webhooks: [{ deliveries: [acknowledged] }] });

      const next = runDemo(place);
      const nextUrl = await next.url();
      const rows = await openRows(place.dataDir);
      try {
        const messages = rows.db.selectFrom('webhook_deliveries').select(['event', 'times', 'status']);
        await expect
          .poll(() => messages.execute(), { timeout: 30_000 })
          .toEqual([{ event: 'refund.succeeded', times: 1, status: 'DONE' }]);
      } finally {
        await rows.close();
      }
      await provider('mode', { refunds: 'instant' });
      await expectFoundOut([next], nextUrl, payment, told);
    },
  );

  test('while the provider works is found out about there, and nothing is sent twice', async () => {
    const first = runDemo(place);
    const url = await first.url();
    const payment = await newPayment(place);
    await provider('faults', { operation: 'createRefund', kind: 'slow', ms: 1_500 });
    const answer = refund(url, payment, key).catch(() => 'cut');
    while ((await refundsAtProvider(place, payment)) === 0) await delay(10);
    first.child.kill('SIGKILL');
    expect(await answer).toBe('cut');
    const next = runDemo(place);
    await expectFoundOut([next], await next.url(), payment);
  });
});

describe('a worker that is killed', () => {
  test.each(pointsOf('pending', 'lost'))('at %s is found out about by the next one alone', async (point) => {
    const service = runDemo(place, { ENGINE: '0' });
    const url = await service.url();
    const worker = await startWorker({ FAILPOINTS: `${point}:kill` });
    const payment = await newPayment(place);
    const told = await play(scenes[point], url, payment);
    await control(place, 'POST', 'clock', { advanceSeconds: 10 });
    expect(await worker.exit).toBe('SIGKILL');
    await expectFoundOut([await startWorker(), service], url, payment, told);
  });
});
