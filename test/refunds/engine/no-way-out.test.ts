import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import { expectScheduled, legOf, pass, recordLog, statusOf } from '../../support/engine.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundsAre,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

const recorded = recordLog();
let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('engine_no_way_out', recorded.log);
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  recorded.clear();
});
afterEach(() => expectScheduled(t));

const hour = 3_600;

async function lose(kind: string, more: Record<string, unknown> = {}) {
  const paymentId = await t.payment('1500.00');
  await armFault(t, kind, more);
  const command = refundCommand(paymentId, 40_000n);
  const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
  expect(await statusOf(t, refundId)).toBe('UNKNOWN');
  return { paymentId, refundId };
}

const movedToReview = async (refundId: string) =>
  (
    await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', refundId as never)
      .where('to_status', '=', 'MANUAL_REVIEW')
      .executeTakeFirstOrThrow()
  ).evidence;

describe('a refund that is never found', () => {
  test('is sent again for 23 hours, looked for during 24 more, and then a person’s, with the looks', async () => {
    const { paymentId, refundId } = await lose('lost-before-effect', { times: 1_000 });
    const requests = await watchRequests(t);
    await pass(t, t.world, 1_800, 45);
    const sends = (await requests('createRefund')).length;
    expect(sends).toBeGreaterThan(10);
    await pass(t, t.world, 1_800, 3);
    const sendsInAll = (await requests('createRefund')).length;
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, 1_800, 45);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    expect(await requests('createRefund'), 'only looked for').toHaveLength(sendsInAll);
    expect(recorded.alerts(), 'told once').toEqual(['REFUND_UNKNOWN_TOO_LONG']);
    recorded.clear();
    await pass(t, t.world, 1_800, 4);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    expect(recorded.alerts()).toEqual(['REFUND_NEEDS_VERDICT']);
    const evidence = await movedToReview(refundId);
    expect(evidence).toMatchObject({
      why: 'absent after the life of the key',
      instructions: expect.stringContaining('YooKassa'),
      cause: 'plan',
    });
    const looks = (await refundRow(t, refundId)).attempts[0]!.looks;
    expect(looks.length).toBeGreaterThan(40);
    expect(looks.length).toBeLessThanOrEqual(50);
    expect(evidence).toMatchObject({
      looks: looks.length,
      firstLookAt: looks[0]!.at,
      lastLookAt: looks.at(-1)!.at,
      lookedAt: looks.map((look) => look.at).join(' '),
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    await pass(t, t.world, 2 * hour, 5);
    expect(recorded.alerts(), 'told once').toEqual(['REFUND_NEEDS_VERDICT']);
    await expectSound(t, paymentId);
  });

  test('is still looked at by then, and found when it shows late', async () => {
    const { paymentId, refundId } = await lose('lost-after-effect');
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 100 * hour, times: 1_000 });
    await t.advance(48 * hour);
    await driveDue(t.world);
    expect(await statusOf(t, refundId), 'a list may lag: one look is not enough').toBe('UNKNOWN');
    await pass(t, t.world, hour + 1);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    await clearFaults(t);
    await pass(t, t.world, hour + 1, 2);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('is not a person’s while its provider cannot be asked', async () => {
    const { paymentId, refundId } = await lose('lost-before-effect');
    await armFault(t, 'error-before-effect', { operation: 'listRefunds', times: 1_000 });
    await pass(t, t.world, 50 * hour);
    await pass(t, t.world, 2 * hour, 3);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    const { attempts } = await refundRow(t, refundId);
    expect(new Set(attempts[0]!.looks.map((look) => look.found))).toEqual(new Set(['unavailable']));
    await clearFaults(t);
    await pass(t, t.world, 2 * hour, 2);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    await expectSound(t, paymentId);
  });
});

describe('a key that the provider knows', () => {
  test('in progress: it is waited and sent again', async () => {
    const { paymentId, refundId } = await lose('key-in-progress');
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    expect(recorded.alerts()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('with other content: nothing is sent any more, and a person is asked', async () => {
    const { paymentId, refundId } = await lose('key-conflict');
    expect(recorded.alerts()).toEqual(['PROVIDER_KEY_CONFLICT']);
    const requests = await watchRequests(t);
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, 31, 2);
    expect(await statusOf(t, refundId)).toBe('MANUAL_REVIEW');
    expect(await movedToReview(refundId)).toMatchObject({
      why: 'the provider knows the key with other content',
    });
    expect(recorded.alerts()).toEqual(['PROVIDER_KEY_CONFLICT', 'REFUND_NEEDS_VERDICT']);
    expect(await requests('createRefund')).toEqual([]);
    expect((await refundRow(t, refundId)).attempts).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('with other content to a repetition: the refund that an earlier send made is found', async () => {
    const { paymentId, refundId } = await lose('lost-after-effect');
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: hour, times: 1 });
    await armFault(t, 'key-conflict');
    await pass(t, t.world, 6);
    expect(await statusOf(t, refundId)).toBe('UNKNOWN');
    await pass(t, t.world, 31);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    await expectSound(t, paymentId);
  });
});

describe('a refund that its provider does not know any more', () => {
  test('is told once, and again only in another state', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const command = refundCommand(paymentId, 40_000n);
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
    let isThere = false;
    const forgetful = await t.replica({
      adapter: {
        readRefund: async (access, id) =>
          isThere ? t.world.connections.all()[0]!.adapter.readRefund(access, id) : { kind: 'absent' },
      },
    });
    await pass(t, forgetful, hour + 1, 3);
    expect(await statusOf(t, refundId), 'nothing is concluded').toBe('PENDING');
    expect(recorded.alerts()).toEqual(['PROVIDER_REFUND_VANISHED']);
    isThere = true;
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    await pass(t, forgetful, hour + 1);
    expect(await statusOf(t, refundId)).toBe('SUCCEEDED');
    isThere = false;
    await pass(t, forgetful, 24 * hour, 9);
    expect(recorded.alerts()).toEqual(['PROVIDER_REFUND_VANISHED', 'PROVIDER_REFUND_VANISHED']);
    await expectSound(t, paymentId);
    expect((await legOf(t, refundId)).status).toBe('SUCCEEDED');
  });
});
