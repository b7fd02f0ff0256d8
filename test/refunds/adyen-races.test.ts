import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { sql } from 'kysely';
import { recordAttemptOutcome } from '../../src/db/attempt-outcomes.ts';
import type { Connections } from '../../src/providers/connections.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { fakeLibrary } from '../providers/prism/fake-library.ts';
import { ADYEN, createToldService, type ToldService } from '../support/adyen.ts';
import { forgetMessages } from '../support/webhooks.ts';

let t: ToldService;
beforeAll(async () => {
  t = await createToldService('adyen_races', fakeLibrary);
  await t.control('mode', { provider: 'prism', refunds: 'pending' });
});
afterEach(() => forgetMessages(t));
afterAll(() => t.close());

const refundOf = async (paymentId: string) => (await t.refundsOf(paymentId))[0]!;
const received = async () => {
  const paymentId = await t.paid();
  await t.refund(paymentId);
  const [made] = await t.booksOf(paymentId);
  const { attempts } = await refundOf(paymentId);
  return { paymentId, item: { paymentId, refundId: made!.id, reference: attempts[0]!.provider_key } };
};

it('a message that was taken in by a process that died right after it is not taken in twice', async () => {
  const { paymentId, item } = await received();
  for (const word of ['REFUND', 'REFUND_HELD'])
    expect((await t.tell([{ ...item, eventCode: word }])).status).toBe(200);
  await t.work();
  const before = await refundOf(paymentId);
  const alerts = t.alerts().length;
  await t.database.db
    .updateTable('webhook_deliveries')
    .set({ status: 'PENDING', next_look_at: sql<Date>`app_now()`, done_at: null })
    .execute();
  await t.work();
  expect(await refundOf(paymentId)).toEqual(before);
  expect(t.alerts()).toHaveLength(alerts);
});

it('a message counts though another transaction that began later has noted its own time first', async () => {
  const { paymentId, item } = await received();
  const { legs } = await refundOf(paymentId);
  const later = sql<Date>`app_now() + interval '1 second'`;
  const { db } = t.database;
  await db.updateTable('refund_legs').set({ as_of: later }).where('id', '=', legs[0]!.id).execute();
  await db
    .updateTable('provider_refunds')
    .set({ as_of: later })
    .where('provider_refund_id', '=', item.refundId)
    .execute();
  const at = (seconds: number): Date => new Date(Date.parse('2026-11-20T10:00:00Z') + seconds * 1_000);
  await t.tell([{ ...item, at: at(1) }]);
  await t.work();
  expect((await refundOf(paymentId)).status).toBe('SUCCEEDED');
  await t.tell([{ ...item, eventCode: 'REFUND_FAILED', at: at(2) }]);
  await db
    .updateTable('provider_refunds')
    .set({ as_of: sql<Date>`app_now() + interval '5 seconds'` })
    .where('provider_refund_id', '=', item.refundId)
    .execute();
  await t.work();
  expect((await refundOf(paymentId)).status).toBe('REVERSED');
});

it('a stored answer that is taken in late says nothing against what was told meanwhile', async () => {
  await t.control('faults', { provider: 'prism', operation: 'createRefund', kind: 'slow', ms: 3_000 });
  const paymentId = await t.paid();
  const done = t.refund(paymentId);
  await expect.poll(async () => (await t.booksOf(paymentId)).length, { timeout: 10_000 }).toBe(1);
  const { legs, attempts } = await refundOf(paymentId);
  const [made] = await t.booksOf(paymentId);
  const [leg, attempt] = [legs[0]!, attempts[0]!];
  // As the sender has kept it, before what follows from it.
  await recordAttemptOutcome(t.database.db, {
    legId: leg.id,
    sentAttempt: attempt.attempt,
    outcome: 'accepted',
    outcomeEvidence: '{}',
    answeredRefundId: made!.id,
    unclearSends: 0,
  });
  const item = { paymentId, refundId: made!.id, reference: attempt.provider_key, success: false };
  const { world } = t.app;
  const connection = world.connections.all().find(({ accountCode }) => accountCode === ADYEN)!;
  const told = {
    ...connection,
    adapter: {
      ...connection.adapter,
      async readRefund(...given: Parameters<typeof connection.adapter.readRefund>) {
        await t.tell([item]);
        await t.work();
        // Its transaction began before the look did, and waited for the lock.
        await t.database.db
          .updateTable('refund_legs')
          .set({ as_of: sql<Date>`as_of - interval '1 hour'` })
          .where('id', '=', leg.id)
          .execute();
        return connection.adapter.readRefund(...given);
      },
    },
  };
  const connections: Connections = { ...world.connections, find: () => told };
  const alerts = t.alerts().length;
  await lookAtLegs({ ...world, connections }, connection.merchantId, [leg.id]);
  expect((await refundOf(paymentId)).status).toBe('FAILED');
  expect(t.alerts().slice(alerts)).toEqual([]);
  await done;
});

it('what nobody has told of for ten days goes to a person, whom a message still spares', async () => {
  const { paymentId, item } = await received();
  await t.advance(10.5 * 86_400);
  await driveDue(t.app.world);
  const { status, legs } = await refundOf(paymentId);
  expect(status).toBe('MANUAL_REVIEW');
  const reviews = await t.database.db
    .selectFrom('events')
    .select('evidence')
    .where('leg_id', '=', legs[0]!.id)
    .where('to_status', '=', 'MANUAL_REVIEW')
    .execute();
  expect(reviews).toMatchObject([{ evidence: { why: 'no message of the provider has told about it' } }]);
  await t.tell([item]);
  await t.work();
  expect((await refundOf(paymentId)).status).toBe('SUCCEEDED');
});
