import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEpoch } from '../../src/db/epochs.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { queueRefund, recordLog, silentWorld, statusOf } from '../support/engine.ts';
import { consoleRefund, refundsAre, refundRows } from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
const log = recordLog();
beforeAll(async () => {
  t = await createTestWorld('unstorable_payment', log.log);
});
afterAll(() => t.close());

/** A process that cannot store what the provider says of this payment: no text of ours holds a NUL. */
const poisoned = (paymentId: string) =>
  t.replica({
    log: log.log,
    adapter: {
      async readPayment(access, id) {
        const look = await yookassa.readPayment(access as never, id);
        if (look.kind !== 'found' || id !== paymentId) return look;
        return {
          kind: 'found',
          value: { ...look.value, payment: { ...look.value.payment, rawStatus: 'a\u0000b' } },
        };
      },
    },
  });

test('a payment that cannot be stored does not keep others from being looked at', async () => {
  await refundsAre(t, 'instant');
  const payments: string[] = [];
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  for (let i = 0; i < 4; i += 1) {
    const id = await t.payment('1500.00');
    payments.push(id);
    await seePayment(t.world, connection, id);
  }
  const world = await poisoned(payments[0]!);
  for (const id of payments) await consoleRefund(t, id, '100.00');
  for (let i = 0; i < 10; i += 1) {
    await t.advance(240);
    await driveDue(world);
  }
  const counts = await Promise.all(payments.map(async (id) => (await refundRows(t, id)).length));
  expect(counts.slice(1)).toEqual([1, 1, 1]);
});

test('a payment that cannot be stored holds up itself alone after a restore', async () => {
  await refundsAre(t, 'instant');
  const payments: string[] = [];
  const silent = await silentWorld(t);
  const ids = [];
  for (let i = 0; i < 3; i += 1) {
    const id = await t.payment('1500.00');
    payments.push(id);
    ids.push(await queueRefund(t, silent, id));
  }
  await openEpoch(t.database.db);
  const world = await poisoned(payments[0]!);
  for (let i = 0; i < 10; i += 1) {
    await t.advance(90);
    await driveDue(world);
  }
  const { health } = await t.database.db
    .selectFrom('accounts')
    .select('health')
    .where('code', '=', 'yookassa-demo')
    .executeTakeFirstOrThrow();
  const statuses = await Promise.all(ids.map((id) => statusOf(t, id)));
  expect(health).toBe('OK');
  expect(statuses[0]).toBe('QUEUED');
  expect(statuses.slice(1)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
});
