import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../../src/refunds/create-refund.ts';
import { lookAtLegs } from '../../../src/refunds/looks/look.ts';
import { readAppNow } from '../../../src/db/payments.ts';
import type { LegId } from '../../../src/ids.ts';
import type { Connection } from '../../../src/providers/connections.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  refundCommand,
  refundRow,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../../support/rules.ts';
import { createTestWorld, type TestWorld } from '../../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('look_at_legs');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'pending');
});

const look = async (legIds: readonly LegId[]) =>
  (await lookAtLegs(t.world, t.caller().viewer.merchantId, legIds)).failures;

async function pendingRefunds(count: number, paymentIdOf: (index: number) => Promise<string>) {
  const refunds = [];
  for (let index = 0; index < count; index += 1) {
    const paymentId = await paymentIdOf(index);
    const created = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 1_000n)));
    const refund = await refundRow(t, created.refundId);
    expect(refund.status).toBe('PENDING');
    refunds.push({ id: refund.id, paymentId, legId: refund.legs[0]!.id });
  }
  return refunds;
}

describe('a page of pending refunds', () => {
  test('of 30 payments costs at most two lists and no single read', async () => {
    const refunds = await pendingRefunds(30, () => t.payment('1500.00'));
    await settleAll(t, 'succeeded');
    const requests = await watchRequests(t);
    expect(await look(refunds.map(({ legId }) => legId))).toEqual([]);
    expect((await requests('listRefunds')).length).toBeLessThanOrEqual(2);
    expect(await requests('getRefund', 'getPayment')).toEqual([]);
    for (const { id, paymentId } of refunds) {
      expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
      await expectSound(t, paymentId);
    }
  });

  test('of one payment costs one list', async () => {
    const paymentId = await t.payment('1500.00');
    const refunds = await pendingRefunds(12, async () => paymentId);
    await settleAll(t, 'canceled');
    const requests = await watchRequests(t);
    await look(refunds.map(({ legId }) => legId));
    expect((await requests()).map(({ operation }) => operation)).toEqual(['listRefunds']);
    for (const { id } of refunds) expect(await refundRow(t, id)).toMatchObject({ status: 'FAILED' });
    await expectSound(t, paymentId);
  });

  test('that did not change only has a newer time of its look', async () => {
    const refunds = await pendingRefunds(3, () => t.payment('1500.00'));
    const before = await Promise.all(refunds.map(({ id }) => refundRow(t, id)));
    await look(refunds.map(({ legId }) => legId));
    for (const [index, { id }] of refunds.entries()) {
      const after = await refundRow(t, id);
      expect(after.version).toBe(before[index]!.version);
      expect(after.legs[0]!.as_of.getTime()).toBeGreaterThan(before[index]!.legs[0]!.as_of.getTime());
      expect(after.legs[0]!.next_look_at!.getTime()).toBeGreaterThan(after.legs[0]!.as_of.getTime());
    }
  });

  test('stays as it is stored when the provider is down, and says so', async () => {
    const refunds = await pendingRefunds(3, () => t.payment('1500.00'));
    const before = await Promise.all(refunds.map(({ id }) => refundRow(t, id)));
    await settleAll(t, 'succeeded');
    await armFault(t, 'error-before-effect', { operation: 'listRefunds', times: 3 });
    expect(await look(refunds.map(({ legId }) => legId))).toMatchObject([
      { accountCode: 'yookassa-demo', failure: { code: 'PROVIDER_UNAVAILABLE' } },
    ]);
    const after = await Promise.all(refunds.map(({ id }) => refundRow(t, id)));
    for (const [index, { legs, ...refund }] of after.entries()) {
      const { legs: legsBefore, ...refundBefore } = before[index]!;
      expect(refund).toEqual(refundBefore);
      // Readers have to wait before they ask again; nothing else has changed.
      const untold = { look_retries: 0, look_retry_at: null };
      expect(legs.map((leg) => ({ ...leg, ...untold }))).toEqual(legsBefore);
      expect(legs).toMatchObject([{ look_retries: 1, look_retry_at: expect.any(Date) as Date }]);
    }
  });

  test('is not another merchant’s to look at', async () => {
    const [refund] = await pendingRefunds(1, () => t.payment('1500.00'));
    await settleAll(t, 'succeeded');
    const requests = await watchRequests(t);
    const { failures } = await lookAtLegs(t.world, t.caller('other').viewer.merchantId, [refund!.legId]);
    expect(failures).toEqual([]);
    expect(await requests()).toEqual([]);
    expect(await refundRow(t, refund!.id)).toMatchObject({ status: 'PENDING' });
  });
});

describe('what the provider says', () => {
  test('another amount than was asked for is a matter for a person, with both figures kept', async () => {
    const [refund] = await pendingRefunds(1, () => t.payment('1500.00'));
    await armFault(t, 'wrong-amount', {
      operation: 'getRefund',
      amount: { value: '11.00', currency: 'RUB' },
    });
    await look([refund!.legId]);
    const reviewed = await refundRow(t, refund!.id);
    expect(reviewed).toMatchObject({ status: 'MANUAL_REVIEW', amount_minor: 1_000n });
    const event = await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', refund!.id)
      .where('to_status', '=', 'MANUAL_REVIEW')
      .executeTakeFirstOrThrow();
    expect(event.evidence).toMatchObject({ providerAmountMinor: '1100', providerCurrency: 'RUB' });
    await expectSound(t, refund!.paymentId, { quiet: false });
    await settleAll(t, 'succeeded');
    await look([refund!.legId]);
    expect(await refundRow(t, refund!.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, refund!.paymentId);
  });

  test('a word that nobody knows leaves the leg open with the word kept', async () => {
    const [refund] = await pendingRefunds(1, () => t.payment('1500.00'));
    await armFault(t, 'unknown-status', { operation: 'getRefund', word: 'under_review' });
    await look([refund!.legId]);
    expect(await refundRow(t, refund!.id)).toMatchObject({
      status: 'PENDING',
      legs: [{ raw_status: 'under_review' }],
    });
    const { kind, source, evidence } = await t.database.db
      .selectFrom('events')
      .selectAll()
      .where('refund_id', '=', refund!.id)
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow();
    expect({ kind, source }).toEqual({ kind: 'leg.details', source: 'PROVIDER_READ' });
    expect(evidence).toMatchObject({ rawStatus: 'under_review', traceReferenceKinds: null });
    await expectSound(t, refund!.paymentId, { quiet: false });
  });

  test('"there is no such refund" concludes nothing', async () => {
    const [refund] = await pendingRefunds(1, () => t.payment('1500.00'));
    await armFault(t, 'refuse', { operation: 'getRefund', code: 'not_found', status: 404 });
    expect(await look([refund!.legId])).toEqual([]);
    expect(await refundRow(t, refund!.id)).toMatchObject({ status: 'PENDING' });
  });
});

describe('an account whose budget is short', () => {
  test('is asked what fits into it; the rest is due for the engine at once, and nothing is concluded', async () => {
    const refunds = await pendingRefunds(3, () => t.payment('1500.00'));
    await settleAll(t, 'succeeded');
    const [connection] = t.world.connections.all();
    const { adapter, access } = connection!;
    const short: Connection = {
      ...connection!,
      adapter: {
        ...adapter,
        capabilities: { ...adapter.capabilities, listByTime: false, listByPayment: false },
      },
      access: { ...access, http: { ...access.http, readsWithin: () => 0 } },
    };
    const world = { ...t.world, connections: { ...t.world.connections, find: () => short } };
    const requests = await watchRequests(t);
    const ids = refunds.map(({ legId }) => legId);
    const looked = await lookAtLegs(world, short.merchantId, ids, { withinMs: 1_000 });
    expect(await requests()).toHaveLength(1);
    expect(looked.failures).toEqual([]);
    expect(looked.putOff).toHaveLength(2);
    expect(looked.plans).toMatchObject([
      {
        accountCode: 'yookassa-demo',
        wanted: 3,
        lowerBound: 3,
        calls: [{ kind: 'SINGLE', wanted: 1, found: 1, requests: 1, isAnswered: true }],
        putOff: [
          { kind: 'SINGLE', wanted: 1 },
          { kind: 'SINGLE', wanted: 1 },
        ],
      },
    ]);
    const now = await readAppNow(t.database.db);
    for (const { id, legId } of refunds) {
      const { status, legs } = await refundRow(t, id);
      const isPutOff = looked.putOff.includes(legId);
      expect(status).toBe(isPutOff ? 'PENDING' : 'SUCCEEDED');
      if (isPutOff) expect(legs[0]!.next_look_at!.getTime()).toBeLessThanOrEqual(now.getTime());
    }
    expect((await lookAtLegs(t.world, short.merchantId, looked.putOff)).putOff).toEqual([]);
    for (const { id } of refunds) expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
  });
});
