import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import type { World } from '../../../src/refunds/world.ts';
import { expectScheduled, legOf, pass, recordLog, statusOf } from '../../support/engine.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  problemOf,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
/** A provider that takes no key and lists nothing. */
let blind: World;
/** A provider that takes no key, and lists refunds with our reference. */
let keyless: World;
/** A provider that takes one operation of a payment at a time. */
let single: World;
beforeAll(async () => {
  t = await createTestWorld('engine_plans', recorded.log);
  const recovery = { ...yookassa.recovery, replayForMs: 0 };
  blind = await t.replica({ adapter: { recovery: { ...recovery, lookUp: 'NOTHING' } } });
  keyless = await t.replica({ adapter: { recovery } });
  single = await t.replica({
    adapter: { capabilities: { ...yookassa.capabilities, concurrentOperationsPerPayment: 'ONE' } },
  });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  recorded.clear();
});
afterEach(() => expectScheduled(t));

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

const create = async (world: World, paymentId: string, minor: bigint, waitMs = 10_000) =>
  valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, minor, { waitMs }))).refundId;

describe('a provider without a key of its own', () => {
  test('is sent to when the intent is committed as waiting, and SENDING by itself', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await create(keyless, paymentId, 40_000n);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    const moves = await t.database.db
      .selectFrom('events')
      .select(['kind', 'to_status'])
      .where('refund_id', '=', refundId)
      .orderBy('id')
      .execute();
    expect(moves.map(({ kind, to_status: to }) => `${kind} ${to}`)).toEqual([
      'refund.created QUEUED',
      'leg.moved SENDING',
      'leg.moved SUCCEEDED',
    ]);
    await expectSound(t, paymentId);
  });

  test('whose sender died is a person’s at once, where nothing can be looked for', async () => {
    const paymentId = await t.payment('1500.00');
    const stuck = Promise.withResolvers<never>();
    const there = Promise.withResolvers<void>();
    const dying = await t.replica({
      adapter: {
        recovery: { ...yookassa.recovery, replayForMs: 0 },
        sendRefund: () => {
          there.resolve();
          return stuck.promise;
        },
      },
    });
    const created = createRefund(dying, t.caller(), refundCommand(paymentId, 40_000n, { waitMs: 200 }));
    await there.promise;
    const { refundId } = valueOf(await created);
    const requests = await watchRequests(t);
    await pass(t, blind, leaseSeconds + 1);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect(recorded.alerts()).toEqual(['REFUND_NEEDS_VERDICT']);
    const moved = await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', refundId)
      .where('to_status', '=', 'MANUAL_REVIEW')
      .executeTakeFirstOrThrow();
    expect(moved.evidence).toMatchObject({
      why: 'the provider cannot be asked about a lost answer',
      instructions: yookassa.recovery.instructions,
    });
    await pass(t, blind, 3_601, 2);
    // Sweeps of the account go on; they ask about no refund of ours.
    const ofIt = await requests('createRefund', 'getRefund', 'getPayment');
    expect(ofIt, 'neither sent nor looked for').toEqual([]);
    stuck.reject(new Error('the end of this process'));
    await dying.background.drain(5_000);
    await expectSound(t, paymentId);
  });

  test('is never sent to again, but looked for where its refunds are listed', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const refundId = await create(keyless, paymentId, 40_000n);
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 600, times: 2 });
    const requests = await watchRequests(t);
    await pass(t, keyless, 6);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, keyless, 31);
    await pass(t, keyless, 150);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('and that never shows is a person’s after a day of looks', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const refundId = await create(keyless, paymentId, 40_000n);
    const requests = await watchRequests(t);
    await pass(t, keyless, 3_600, 23);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, keyless, 3_601, 2);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });
});

describe('a provider with one operation of a payment at a time', () => {
  test('gets the next refund when the one before has ended, and not sooner', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const first = await create(single, paymentId, 40_000n);
    expect(await statusOf(t, first)).toBe('PENDING');
    const second = await create(single, paymentId, 10_000n, 0);
    const third = await create(single, paymentId, 5_000n, 0);
    const requests = await watchRequests(t);
    await driveDue(single);
    await pass(t, single, 6);
    for (const id of [second, third])
      expect(await refundRow(t, id)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    expect(await requests('createRefund')).toEqual([]);
    await settleAll(t, 'succeeded');
    await pass(t, single, 61);
    expect(await statusOf(t, first)).toBe('SUCCEEDED');
    await pass(t, single, 61);
    expect(await statusOf(t, second)).toBe('PENDING');
    expect(await refundRow(t, third)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
    await settleAll(t, 'succeeded');
    await refundsAre(t, 'instant');
    await pass(t, single, 181, 3);
    for (const id of [second, third]) expect(await statusOf(t, id)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });

  test('takes none behind one whose answer was lost: not a new one, and not one that waits', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const first = await create(single, paymentId, 40_000n);
    const waiting = await create(single, paymentId, 10_000n, 0);
    await t.database.db
      .updateTable('refund_legs')
      .set({ provider_refund_id: null })
      .where('refund_id', '=', first)
      .execute();
    expect((await legOf(t, waiting)).status).toBe('QUEUED');
    await settleAll(t, 'succeeded');
    const elsewhere = await t.payment('1500.00');
    await refundsAre(t, 'instant');
    await armFault(t, 'lost-before-effect', { times: 2 });
    const lost = await create(single, elsewhere, 40_000n);
    expect(await statusOf(t, lost)).toBe('UNKNOWN');
    const refused = await createRefund(single, t.caller(), refundCommand(elsewhere, 1_000n));
    expect(problemOf(refused)).toMatchObject({ type: 'OperationInProgress' });
  });
});
