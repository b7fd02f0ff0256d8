import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { refreshAccountHealth } from '../../src/refunds/account-health.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  refundCommand,
  refundRow,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import type { World } from '../../src/refunds/world.ts';

let t: TestWorld;
let lines: { alert?: string; call?: string }[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
    done();
  },
});
beforeAll(async () => {
  t = await createTestWorld('account_health', pino({ level: 'info' }, sink));
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await t.database.db.updateTable('accounts').set({ health: 'OK', health_shown_by: null }).execute();
  await refreshAccountHealth(t.world);
  lines = [];
});

const alarms = () => lines.flatMap(({ alert }) => alert ?? []);
const sync = (refundId: RefundId, world: World = t.world) =>
  syncRefund(world, t.caller(), { refundId, waitMs: 10_000 });
const account = () =>
  t.database.db
    .selectFrom('accounts')
    .select(['id', 'health', 'health_shown_by'])
    .where('code', '=', 'yookassa-demo')
    .executeTakeFirstOrThrow();
const connection = () => t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
const look = (paymentId: string, world: World = t.world) => seePayment(world, connection(), paymentId);

/** A payment that is known, so that a refund of it needs no look. */
async function known(): Promise<string> {
  const paymentId = await t.payment('1500.00');
  await look(paymentId);
  return paymentId;
}

async function pausedBySend(): Promise<{ paymentId: string; refundId: RefundId }> {
  const paymentId = await known();
  await armFault(t, 'forbidden', { times: 1 });
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  expect(await account()).toMatchObject({ health: 'CREDENTIALS_REFUSED', health_shown_by: 'SEND' });
  return { paymentId, refundId };
}

async function pausedByRead(paymentId: string): Promise<void> {
  await armFault(t, 'unauthorized', { operation: 'getPayment', times: 1 });
  expect(await look(paymentId)).toMatchObject({ kind: 'unavailable' });
  expect(await account()).toMatchObject({ health: 'CREDENTIALS_REFUSED', health_shown_by: 'READ' });
}

describe('an account whose sends are refused', () => {
  test('is not opened by reads that work, so that a second refusal is no second alarm', async () => {
    const { paymentId, refundId } = await pausedBySend();
    for (let round = 0; round < 3; round += 1) {
      expect(await look(paymentId)).toMatchObject({ kind: 'seen' });
      expect(await account()).toMatchObject({ health: 'CREDENTIALS_REFUSED' });
      await armFault(t, 'forbidden', { times: 1 });
      await sync(refundId);
    }
    expect(alarms()).toEqual(['ACCOUNT_CREDENTIALS_REFUSED']);
    expect(lines.find(({ alert }) => alert !== undefined)).toMatchObject({ call: 'SEND' });

    valueOf(await sync(refundId));
    expect(await account()).toMatchObject({ health: 'OK', health_shown_by: null });
    expect(t.world.pausedAccounts.size).toBe(0);
    await expectSound(t, paymentId);
  });

  test('takes the next refund as QUEUED, and sending that one opens it again', async () => {
    await pausedBySend();
    const paymentId = await known();
    const requests = await watchRequests(t);
    const next = valueOf(
      await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n, { waitMs: 200 })),
    );
    const queued = await refundRow(t, next.refundId);
    expect(queued).toMatchObject({ status: 'QUEUED' });
    expect(queued.legs[0]!.next_look_at).not.toBeNull();
    expect(await requests('createRefund')).toEqual([]);
    valueOf(await sync(next.refundId));
    expect(await refundRow(t, next.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await account()).toMatchObject({ health: 'OK' });
  });

  test('is paused again, with an alarm, when it is refused after it had worked', async () => {
    const { refundId } = await pausedBySend();
    valueOf(await sync(refundId));
    await pausedBySend();
    expect(alarms()).toEqual(['ACCOUNT_CREDENTIALS_REFUSED', 'ACCOUNT_CREDENTIALS_REFUSED']);
  });

  test('may be one whose void was refused', async () => {
    const paymentId = await t.payment('1500.00', { status: 'authorized' });
    await armFault(t, 'forbidden', { operation: 'cancelPayment', times: 1 });
    await cancelPayment(t.world, t.caller(), {
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'REQUESTED_BY_CUSTOMER',
      note: null,
      ifCaptured: 'REFUSE',
      feeBearer: null,
      waitMs: 10_000,
    });
    expect(await account()).toMatchObject({ health: 'CREDENTIALS_REFUSED', health_shown_by: 'SEND' });
  });
});

describe('an account whose reads are refused', () => {
  test('is opened by a read that works', async () => {
    const paymentId = await known();
    await pausedByRead(paymentId);
    expect(await look(paymentId)).toMatchObject({ kind: 'seen' });
    expect(await account()).toMatchObject({ health: 'OK' });
    expect(alarms()).toEqual(['ACCOUNT_CREDENTIALS_REFUSED']);
  });

  test('is opened by a send that works', async () => {
    const paymentId = await known();
    await pausedByRead(paymentId);
    const input = refundCommand(paymentId, 1_000n, { waitMs: 200 });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    valueOf(await sync(refundId));
    expect(await account()).toMatchObject({ health: 'OK' });
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('waits for a send once a send was refused too, without a second alarm', async () => {
    const paymentId = await known();
    await pausedByRead(paymentId);
    const input = refundCommand(paymentId, 1_000n, { waitMs: 200 });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    await armFault(t, 'forbidden', { times: 1 });
    await sync(refundId);
    expect(await look(paymentId)).toMatchObject({ kind: 'seen' });
    expect(await account()).toMatchObject({ health: 'CREDENTIALS_REFUSED', health_shown_by: 'SEND' });
    expect(alarms()).toHaveLength(1);
  });
});

describe('another replica', () => {
  test('learns of a pause and of its end by asking the database, and then sends nothing, or sends', async () => {
    const other = await t.replica();
    const { refundId } = await pausedBySend();
    const paymentId = await known();
    expect(other.pausedAccounts.size).toBe(0);
    await refreshAccountHealth(other);
    expect([...other.pausedAccounts]).toEqual([(await account()).id]);
    const requests = await watchRequests(t);
    await createRefund(other, t.caller(), refundCommand(paymentId, 1_000n, { waitMs: 200 }));
    expect(await requests('createRefund')).toEqual([]);

    valueOf(await sync(refundId));
    expect(other.pausedAccounts.size).toBe(1);
    await refreshAccountHealth(other);
    expect(other.pausedAccounts.size).toBe(0);
  });

  test('forgets a pause that ended elsewhere as soon as it meets an answer', async () => {
    const { paymentId, refundId } = await pausedBySend();
    const other = await t.replica();
    expect(other.pausedAccounts.size).toBe(1);
    valueOf(await sync(refundId));
    expect(await look(paymentId, other)).toMatchObject({ kind: 'seen' });
    expect(other.pausedAccounts.size).toBe(0);
  });
});

describe('an account that is being restored', () => {
  test('stays that, whatever is refused or works', async () => {
    const paymentId = await known();
    await t.database.db
      .updateTable('accounts')
      .set({ health: 'RESTORING' })
      .where('code', '=', 'yookassa-demo')
      .execute();
    await refreshAccountHealth(t.world);
    const input = refundCommand(paymentId, 1_000n, { waitMs: 200 });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    await armFault(t, 'unauthorized', { operation: 'getPayment', times: 1 });
    await look(paymentId);
    expect(await account()).toMatchObject({ health: 'RESTORING' });
    await look(paymentId);
    await armFault(t, 'forbidden', { times: 1 });
    await sync(refundId);
    expect(await account()).toMatchObject({ health: 'RESTORING' });
    await sync(refundId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await account()).toMatchObject({ health: 'RESTORING' });
    expect(t.world.pausedAccounts.size).toBe(1);
  });
});
