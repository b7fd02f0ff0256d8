import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('key_life');
});
afterAll(() => t.close());
beforeEach(() => clearFaults(t));

const hours = (count: number) => Math.round(count * 3_600);
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });

async function lostRefund(paymentId: string, kind: 'lost-before-effect' | 'lost-after-effect') {
  await armFault(t, kind);
  const created = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  expect(await refundRow(t, created.refundId)).toMatchObject({ status: 'UNKNOWN' });
  return created.refundId;
}

describe('an answer that was lost', () => {
  test('is looked for and sent again until 23 hours, then only looked for, then handed to a person', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(paymentId, 'lost-before-effect');
    const requests = await watchRequests(t);

    await t.advance(hours(22));
    await armFault(t, 'lost-before-effect');
    valueOf(await sync(refundId));
    expect(await requests('createRefund')).toHaveLength(1);

    await t.advance(hours(1.1));
    valueOf(await sync(refundId));
    expect(await requests('createRefund')).toHaveLength(1);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });

    await t.advance(hours(23));
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });

    await t.advance(hours(1));
    valueOf(await sync(refundId));
    const reviewed = await refundRow(t, refundId);
    expect(reviewed).toMatchObject({ status: 'MANUAL_REVIEW' });
    // Nobody waits for it, yet the truth may still show up.
    expect(reviewed.legs[0]!.next_look_at).not.toBeNull();
    expect(await requests('createRefund')).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    await expectSound(t, paymentId);
  });

  test('is not handed to a person while the provider cannot be asked', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(paymentId, 'lost-before-effect');
    await t.advance(hours(48));
    await armFault(t, 'unauthorized', { operation: 'listRefunds' });
    const synced = valueOf(await sync(refundId));
    expect(synced.problems).toHaveLength(1);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
  });

  test('is found by our reference long after the key is forgotten', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(paymentId, 'lost-after-effect');
    const requests = await watchRequests(t);
    await t.advance(hours(30));
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('under review is found when it shows after all', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(paymentId, 'lost-after-effect');
    await t.advance(hours(48));
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: hours(72), times: 2 });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId), 'a list may lag: one look is not enough').toMatchObject({
      status: 'UNKNOWN',
    });
    await t.advance(5);
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a console refund while an answer is lost', () => {
  test('might be ours: it lowers what is refundable and is nobody’s until the answer is known', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(paymentId, 'lost-before-effect');
    await consoleRefund(t, paymentId, '300.00');
    await armFault(t, 'lost-before-effect');
    valueOf(await sync(refundId));
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      unbound_minor: 30_000n,
      reserved_minor: 40_000n,
      refunded_minor: 0n,
    });
    const tooMuch = await createRefund(t.world, t.caller(), refundCommand(paymentId, 80_001n));
    expect(tooMuch).toMatchObject({
      ok: false,
      problems: [{ type: 'AmountExceedsRefundable', refundable: { minor: 80_000n } }],
    });

    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await createRefund(t.world, t.caller(), refundCommand(paymentId, 200_000n));
    const rows = await refundRows(t, paymentId);
    expect(rows.map(({ origin, amount_minor }) => ({ origin, amount_minor }))).toEqual([
      { origin: 'API', amount_minor: 40_000n },
      { origin: 'EXTERNAL', amount_minor: 30_000n },
    ]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ unbound_minor: 0n, refunded_minor: 70_000n });
    await expectSound(t, paymentId);
  });
});

describe('a leg that was never sent', () => {
  test('is not sent by itself after a day, and is sent when a person asks', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const input = refundCommand(paymentId, 40_000n);
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), input));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    await t.advance(hours(25));
    const requests = await watchRequests(t);
    valueOf(await createRefund(t.world, t.caller(), { ...input, waitMs: 300 }));
    expect(await requests('createRefund')).toEqual([]);
    valueOf(await sync(refundId));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});
