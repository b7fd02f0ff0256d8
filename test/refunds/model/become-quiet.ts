import { sql } from 'kysely';
import { expect } from 'vitest';
import { syncRefund } from '../../../src/refunds/sync-refund.ts';
import type { LegStatus } from '../../../src/vocabulary.ts';
import { clearFaults, expectSound } from '../../support/rules.ts';
import { expectInvariants, seenPayments } from './invariants.ts';
import type { Model } from './model.ts';
import { reconcile } from './reconcile.ts';
import { resolveUnclear } from './resolve.ts';
import { settle } from './settle.ts';
import type { System } from './system.ts';
import { wakeOne } from './wake.ts';

const hour = 3_600;

/** The whole schedule of a lost answer: a lease, looks, the life of the key, and a day of looking after it. */
const schedule = [0, 100, 100, hour, 23 * hour, hour, 24 * hour, hour, hour] as const;

const mayStay: readonly LegStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'REVERSED', 'MANUAL_REVIEW'];

/**
 * The faults stop and the providers end what they have. Then, within the schedule and without a caller, every leg
 * ends or stands in MANUAL_REVIEW (I7), and both ledgers are the same (I2). Then a person ends what waits for one.
 */
export async function becomeQuiet(model: Model, system: System, succeeds: boolean): Promise<void> {
  await clearFaults(system.t);
  while (await wakeOne(system));
  await sendWhatWaitsForAPerson(model, system);
  for (const seconds of schedule) {
    if (seconds > 0) await system.t.advance(seconds);
    for (const provider of ['yookassa', 'razorpay'] as const) await settle(system, provider, succeeds);
    await reconcile(system, 0);
    await system.idle();
    if (await isQuiet(model, system)) break;
  }
  expect(await listOpen(model, system), 'I7: everything ends, or waits for a person').toEqual([]);
  // What was made elsewhere is found by the sweeps of the account.
  await pass(system, hour);
  await pass(system, hour);
  await expectEqualBooks(model, system);
  await pass(system, 25 * hour);
  await resolveTheRest(model, system);
  await pass(system, hour);
  await expectEqualBooks(model, system);
}

async function pass(system: System, seconds: number): Promise<void> {
  await system.t.advance(seconds);
  await reconcile(system, 1);
  await system.idle();
}

async function expectEqualBooks(model: Model, system: System): Promise<void> {
  await expectInvariants(model, system);
  for (const { paymentId } of await seenPayments(model, system)) await expectSound(system.t, paymentId);
}

const isQuiet = async (model: Model, system: System): Promise<boolean> =>
  (await listOpen(model, system)).length === 0;

/** What has not ended: legs with their status, and releases of holds. */
async function listOpen(model: Model, system: System): Promise<readonly string[]> {
  const { db } = system.t.database;
  const payments = await seenPayments(model, system);
  const ids = payments.map(({ id }) => id);
  if (ids.length === 0) return [];
  const legs = await db
    .selectFrom('refund_legs')
    .select(['status', 'name'])
    .where('payment_id', 'in', ids)
    .where('status', 'not in', [...mayStay])
    .execute();
  const operations = await db
    .selectFrom('payment_operations')
    .select('status')
    .where('payment_id', 'in', ids)
    .where('status', 'in', ['SENDING', 'UNKNOWN'])
    .execute();
  return [
    ...legs.map(({ status, name }) => `${name} ${status}`),
    ...operations.map(({ status }) => `void ${status}`),
  ];
}

/** What waited unsent for a day is sent by nobody else (MONEY section 1). */
async function sendWhatWaitsForAPerson(model: Model, system: System): Promise<void> {
  const { t, caller } = system;
  const payments = await seenPayments(model, system);
  if (payments.length === 0) return;
  const waiting = await t.database.db
    .selectFrom('refund_legs')
    .select('refund_id')
    .distinct()
    .where('status', '=', 'QUEUED')
    .where('created_at', '<', sql<Date>`app_now() - interval '1 day'`)
    .where(
      'payment_id',
      'in',
      payments.map(({ id }) => id),
    )
    .execute();
  for (const { refund_id: refundId } of waiting)
    await syncRefund(system.world(0), caller, { refundId, waitMs: 10_000 });
}

/** Whoever waits for a person can be told the truth, and ends. */
async function resolveTheRest(model: Model, system: System): Promise<void> {
  for (const promise of model.refunds.values()) {
    const { refundId, payment } = promise;
    if (refundId === null) continue;
    for (;;) {
      const result = await resolveUnclear(model, system, 0, payment, refundId, true);
      if (result === undefined) break;
      expect(result, 'a person who knows is never sent away').toMatchObject({ ok: true });
    }
  }
}

/** The next runs have their own payments: nobody looks at these any more. */
export async function retire(model: Model, system: System): Promise<void> {
  const { db } = system.t.database;
  for (const { id } of await seenPayments(model, system)) {
    await db.updateTable('refund_legs').set({ next_look_at: null }).where('payment_id', '=', id).execute();
    await db
      .updateTable('payment_operations')
      .set({ next_look_at: null })
      .where('payment_id', '=', id)
      .execute();
    await db.updateTable('payments').set({ next_look_at: null }).where('id', '=', id).execute();
  }
}
