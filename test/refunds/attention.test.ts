import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertCode } from '../../src/alerts.ts';
import type { RefundId } from '../../src/ids.ts';
import { noteStuck } from '../../src/refunds/attention.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { World } from '../../src/refunds/world.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';
import { lostRefund } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let world: World;
const raised: AlertCode[] = [];
beforeAll(async () => {
  t = await createTestWorld('attention');
  world = { ...t.world, alerts: { raise: (code) => raised.push(code) } };
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  raised.length = 0;
});

const minute = 60;
const day = 24 * 60 * minute;
const connection = () => t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const legIdsOf = async (refundId: RefundId) => (await refundRow(t, refundId)).legs.map(({ id }) => id);
const note = async (refundId: RefundId) => noteStuck(world, connection(), await legIdsOf(refundId));
const markOf = async (refundId: RefundId) => (await refundRow(t, refundId)).attention;
/** What is sent in the background may hold the payment for a moment: then the next call marks it. */
const expectMarked = (refundId: RefundId, reason: string | null) =>
  vi.waitFor(async () => {
    await note(refundId);
    expect(await markOf(refundId)).toBe(reason);
  });
const eventsOf = (refundId: RefundId) =>
  t.database.db.selectFrom('events').selectAll().where('refund_id', '=', refundId).orderBy('id').execute();

const refund = async (paymentId: string, minor = 40_000n) =>
  valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, minor))).refundId;

describe('what has waited for too long', () => {
  test('a lost answer is shown after a quarter of an hour, once, and no longer when it is found', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(t, paymentId, 40_000n);
    await note(refundId);
    await t.advance(14 * minute);
    await note(refundId);
    expect(await markOf(refundId)).toBeNull();
    const before = await refundRow(t, refundId);
    await t.advance(minute + 1);
    await expectMarked(refundId, 'UNKNOWN_TOO_LONG');
    const marked = await refundRow(t, refundId);
    expect(marked).toMatchObject({ attention: 'UNKNOWN_TOO_LONG', version: before.version + 1 });
    expect(marked.attention_since!.getTime()).toBeGreaterThan(before.updated_at.getTime());
    expect((await eventsOf(refundId)).at(-1)).toMatchObject({
      kind: 'refund.attention',
      actor: 'system',
      source: 'SERVICE',
      leg_id: null,
      evidence: { attention: 'UNKNOWN_TOO_LONG' },
    });
    await t.advance(minute);
    await note(refundId);
    expect(await refundRow(t, refundId)).toEqual(marked);
    expect(raised).toEqual(['REFUND_UNKNOWN_TOO_LONG']);
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ attention: null, attention_since: null });
    await expectSound(t, paymentId);
  });

  test('what is under way is shown after what is normal for the provider', async () => {
    await refundsAre(t, 'pending');
    const paymentId = await t.payment('1500.00');
    const refundId = await refund(paymentId);
    const normally = connection().adapter.pendingNormallyMs / 1_000;
    await t.advance(normally - minute);
    await note(refundId);
    expect(await markOf(refundId)).toBeNull();
    await t.advance(2 * minute);
    await expectMarked(refundId, 'PENDING_TOO_LONG');
    await note(refundId);
    expect(raised).toEqual(['REFUND_PENDING_TOO_LONG']);
    await settleAll(t, 'succeeded');
    valueOf(await sync(refundId));
    expect(await markOf(refundId)).toBeNull();
    await expectSound(t, paymentId);
  });

  test('what was not sent for a day is shown and somebody is called once; canceling ends it', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited', { times: 100 });
    const refundId = await refund(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    await t.advance(day - minute);
    await note(refundId);
    expect(await markOf(refundId)).toBeNull();
    await t.advance(2 * minute);
    await expectMarked(refundId, 'QUEUED_TOO_LONG');
    await note(refundId);
    expect(raised).toEqual(['LEG_NOT_SENT_FOR_A_DAY']);
    valueOf(await cancelRefund(t.world, t.caller(), { refundId }));
    expect(await markOf(refundId)).toBeNull();
    await expectSound(t, paymentId);
  });

  test('what waits behind a paused account is shown after five minutes, and no longer when it is mended', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'unauthorized', { times: 100 });
    const refundId = await refund(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    await t.advance(4 * minute);
    await note(refundId);
    expect(await markOf(refundId)).toBeNull();
    await t.advance(2 * minute);
    await expectMarked(refundId, 'ACCOUNT_PAUSED');
    expect(raised).toEqual([]);
    await t.database.db
      .updateTable('accounts')
      .set({ health: 'OK' })
      .where('id', '=', connection().accountId)
      .execute();
    await expectMarked(refundId, null);
    expect(await refundRow(t, refundId)).toMatchObject({ attention_since: null });
    expect((await eventsOf(refundId)).at(-1)).toMatchObject({
      kind: 'refund.attention',
      evidence: { attentionEnded: 'ACCOUNT_PAUSED' },
    });
    await clearFaults(t);
    t.world.pausedAccounts.clear();
    valueOf(await sync(refundId));
    await expectSound(t, paymentId);
  });

  test('an account that was paused just now is no reason yet, however old the refund is', async () => {
    await refundsAre(t, 'pending');
    const refundId = await refund(await t.payment('1500.00'));
    await t.advance(2 * day);
    const set = (health: 'OK' | 'RESTORING') =>
      t.database.pool.query('UPDATE accounts SET health = $2, health_since = app_now() WHERE id = $1', [
        connection().accountId,
        health,
      ]);
    await set('RESTORING');
    await note(refundId);
    expect(await markOf(refundId)).toBeNull();
    await t.advance(6 * minute);
    await expectMarked(refundId, 'ACCOUNT_PAUSED');
    await set('OK');
  });

  test('nothing is written for what is final, absent, or as it was', async () => {
    const refundId = await refund(await t.payment('1500.00'));
    const before = await refundRow(t, refundId);
    await t.advance(30 * day);
    await note(refundId);
    await noteStuck(world, connection(), []);
    expect(await refundRow(t, refundId)).toEqual(before);
  });
});

describe('a refund under review', () => {
  test('is shown from the first leg on, and the time stays', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00') },
        { account: '200602', amount: rub('600.00') },
      ],
    });
    await armFault(t, 'lost-before-effect', { times: 2 });
    const money = (minor: bigint) => ({ minor, currency: 'RUB' as const });
    const sources = ['200601', '200602'].map((seller) => ({
      seller,
      amount: money(10_000n),
      platformFee: null,
    }));
    const command = refundCommand(paymentId, 'remaining', { amount: { kind: 'sources', sources } });
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
    await t.advance(2 * day);
    await expectMarked(refundId, 'UNKNOWN_TOO_LONG');
    // Two looks apart.
    for (let look = 0; look < 2; look += 1) {
      await t.advance(minute);
      valueOf(await sync(refundId));
    }
    const reviewed = await refundRow(t, refundId);
    expect(reviewed.legs.map(({ status }) => status)).toEqual(['MANUAL_REVIEW', 'MANUAL_REVIEW']);
    const moves = (await eventsOf(refundId)).filter(({ to_status }) => to_status === 'MANUAL_REVIEW');
    expect(moves).toHaveLength(2);
    expect(reviewed).toMatchObject({ attention: 'MANUAL_REVIEW', attention_since: moves[0]!.at });
    await note(refundId);
    expect(await refundRow(t, refundId)).toEqual(reviewed);
  });
});

test('a refund that somebody else is changing is left to the next time, without waiting', async () => {
  const paymentId = await t.payment('1500.00');
  const refundId = await lostRefund(t, paymentId, 40_000n);
  const legIds = await legIdsOf(refundId);
  await t.advance(16 * minute);
  const client = await t.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM payments WHERE provider_payment_id = $1 FOR UPDATE', [paymentId]);
    await noteStuck(world, connection(), legIds);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  expect(await markOf(refundId)).toBeNull();
  await noteStuck(world, connection(), legIds);
  expect(await markOf(refundId)).toBe('UNKNOWN_TOO_LONG');
});

test('two processes that note the same refunds mark each once, and one calls somebody', async () => {
  const paymentId = await t.payment('1500.00');
  const refundId = await lostRefund(t, paymentId, 40_000n);
  const legIds = await legIdsOf(refundId);
  await t.advance(16 * minute);
  await Promise.all(Array.from({ length: 6 }, () => noteStuck(world, connection(), legIds)));
  await noteStuck(world, connection(), legIds);
  expect(raised).toEqual(['REFUND_UNKNOWN_TOO_LONG']);
  const marks = (await eventsOf(refundId)).filter(({ kind }) => kind === 'refund.attention');
  expect(marks).toHaveLength(1);
  await expectSound(t, paymentId);
});
