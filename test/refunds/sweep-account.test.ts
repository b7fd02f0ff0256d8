import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundListQuery } from '../../src/providers/provider.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { lookAtDuePayments } from '../../src/refunds/look-at-payments.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { sweepAccount } from '../../src/refunds/sweep-account.ts';
import type { World } from '../../src/refunds/world.ts';
import { createElsewhereWorld, type ElsewhereWorld } from '../support/made-elsewhere.ts';
import { ACCOUNT, razorpayPayment } from '../support/razorpay.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
  watchRequests,
} from '../support/rules.ts';

let e: ElsewhereWorld;
beforeAll(async () => {
  e = await createElsewhereWorld('sweep_account');
});
afterAll(() => e.t.close());
beforeEach(async () => {
  await clearFaults(e.t);
  await refundsAre(e.t, 'instant');
  await e.t.database.db
    .updateTable('accounts')
    .set({ next_sweep_at: null, swept_until: null, sweep_lease_until: null, sweep_position: null })
    .execute();
  // Nothing that an earlier test made is in a window of this one.
  await e.t.advance(2 * 86_400);
  await e.t.database.db
    .updateTable('payments')
    .set({ next_look_at: null, created_at: e.t.clock.now() })
    .execute();
  e.alerts();
});

const sweep = (world: World = e.t.world) => sweepAccount(world, e.connection(world));
const lookAtDue = (world: World = e.t.world) => lookAtDuePayments(world, e.connection(world));
const minutes = (count: number) => count * 60;

const account = (accountId = e.connection().accountId) =>
  e.t.database.db.selectFrom('accounts').selectAll().where('id', '=', accountId).executeTakeFirstOrThrow();

/** A payment that we have seen. */
async function known(value = '1500.00'): Promise<string> {
  const paymentId = await e.t.payment(value);
  await e.see(paymentId);
  return paymentId;
}

const shown = async (paymentId: string) =>
  (await refundRows(e.t, paymentId)).map(({ origin, status, amount_minor }) => [
    origin,
    status,
    amount_minor,
  ]);

/** A process to which the provider gives pages of two refunds. */
const withShortPages = (asked: RefundListQuery[] = []): Promise<World> => {
  const { adapter } = e.connection();
  return e.t.replica({
    log: e.t.world.log,
    adapter: {
      async listRefunds(access, query) {
        asked.push(query);
        const { cursor, ...rest } = query;
        const look = await adapter.listRefunds(access, rest);
        if (look.kind !== 'found') return look;
        const start = Number(cursor ?? 0);
        const refunds = look.value.refunds.slice(start, start + 2);
        const isEnd = start + 2 >= look.value.refunds.length;
        return { kind: 'found', value: { refunds, nextCursor: isEnd ? null : String(start + 2) } };
      },
    },
  });
};

describe('a sweep', () => {
  test('finds a console refund that nobody has asked about', async () => {
    const { t } = e;
    const paymentId = await known();
    expect(await sweep()).toEqual([]);
    await t.advance(minutes(2));
    await consoleRefund(t, paymentId, '400.00');
    await t.advance(minutes(3));
    expect(await sweep()).toEqual([(await paymentRow(t, paymentId)).id]);
    expect(await lookAtDue()).toBe(1);
    expect(await shown(paymentId)).toEqual([['EXTERNAL', 'SUCCEEDED', 40_000n]]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, next_look_at: null });
    await t.advance(minutes(5));
    expect(await sweep()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('finds one while everything is reserved: the sum is marked as broken, and what was not sent fails', async () => {
    const { t } = e;
    const paymentId = await known();
    await armFault(t, 'rate-limited');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 150_000n)));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    await consoleRefund(t, paymentId, '400.00');
    await sweep();
    await lookAtDue();
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
    expect(e.alerts()).toEqual(['PAYMENT_OVERCOMMITTED']);
    expect(await paymentRow(t, paymentId)).toMatchObject({ overcommitted: false, refunded_minor: 40_000n });
    await expectSound(t, paymentId);
  });

  test('finds one while ours is under way: the broken sum is told once, and nothing more is refundable', async () => {
    const { t } = e;
    const paymentId = await known();
    await refundsAre(t, 'pending');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 150_000n)));
    await settleAll(t, 'canceled');
    await refundsAre(t, 'instant');
    await consoleRefund(t, paymentId, '400.00');
    // A process that does not see yet that ours was canceled.
    const world = await e.showing((facts) => (facts.ourReference === null ? facts : undefined));
    expect(await sweep(world)).toHaveLength(1);
    await lookAtDue(world);
    await e.see(paymentId, world);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      overcommitted: true,
      refunded_minor: 40_000n,
      reserved_minor: 150_000n,
    });
    expect(e.alerts()).toEqual(['PAYMENT_OVERCOMMITTED']);
    await e.see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ overcommitted: false, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('finds a refund of ours that has changed there, once per payment', async () => {
    const { t } = e;
    const paymentId = await known();
    await refundsAre(t, 'pending');
    const command = () => refundCommand(paymentId, 10_000n);
    const [one, two] = [
      valueOf(await createRefund(t.world, t.caller(), command())),
      valueOf(await createRefund(t.world, t.caller(), command())),
    ];
    expect(await sweep()).toEqual([]);
    await settleAll(t, 'succeeded');
    await t.advance(minutes(5));
    expect(await sweep()).toHaveLength(1);
    const requests = await watchRequests(t);
    expect(await lookAtDue()).toBe(1);
    expect(await requests('getPayment')).toHaveLength(1);
    for (const { refundId } of [one, two])
      expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('leaves payments alone that we do not know', async () => {
    const { t } = e;
    await known();
    const strange = await t.payment('1500.00');
    await consoleRefund(t, strange, '400.00');
    expect(await sweep()).toEqual([]);
    const rows = await t.database.db
      .selectFrom('payments')
      .select('id')
      .where('provider_payment_id', '=', strange)
      .execute();
    expect(rows).toEqual([]);
  });

  test('finds what a lagging list shows only later', async () => {
    const { t } = e;
    const paymentId = await known();
    await consoleRefund(t, paymentId, '400.00');
    await t.advance(30);
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 600 });
    expect(await sweep()).toEqual([]);
    const { swept_until: sweptUntil } = await account();
    await t.advance(minutes(14));
    expect(await sweep()).toHaveLength(1);
    expect((await account()).swept_until!.getTime()).toBeGreaterThan(sweptUntil!.getTime());
    await lookAtDue();
    expect(await shown(paymentId)).toEqual([['EXTERNAL', 'SUCCEEDED', 40_000n]]);
  });

  test('that marks a payment while it is being read leaves it due', async () => {
    const { t } = e;
    const paymentId = await known();
    // The read begins before the refund is made, and is stored after the sweep has found it.
    const { adapter } = e.connection();
    const slow = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await adapter.readPayment(access, id);
          await t.advance(2);
          await consoleRefund(t, paymentId, '400.00');
          expect(await sweep()).toHaveLength(1);
          return look;
        },
      },
    });
    await e.see(paymentId, slow);
    expect(await shown(paymentId)).toEqual([]);
    expect(await lookAtDue()).toBe(1);
    expect(await shown(paymentId)).toEqual([['EXTERNAL', 'SUCCEEDED', 40_000n]]);
  });

  test('begins where the account was used first, and goes on from there', async () => {
    const { t } = e;
    await known();
    const { created_at: since } = await paymentRow(t, await known());
    await t.advance(3 * 86_400);
    const asked: RefundListQuery[] = [];
    await sweep(await withShortPages(asked));
    const first = asked[0]!.createdFrom!.getTime();
    expect(Math.abs(first - since.getTime() + minutes(15) * 1000)).toBeLessThan(minutes(1) * 1000);
    // In windows of a day, each from 15 minutes before the end of the last.
    expect(asked).toHaveLength(4);
    for (const [index, { createdFrom, createdTo }] of asked.entries()) {
      expect(createdTo!.getTime() - createdFrom!.getTime()).toBeLessThanOrEqual(86_400_000);
      const next = asked[index + 1]?.createdFrom;
      if (next !== undefined) expect(next.getTime()).toBe(createdTo!.getTime() - minutes(15) * 1000);
    }
    expect((await account()).swept_until).toEqual(asked.at(-1)!.createdTo);
  });

  test('waits for its time, and is made by one of two processes', async () => {
    await known();
    const [one, two] = [await e.t.replica(), await e.t.replica()];
    const requests = await watchRequests(e.t);
    await Promise.all([sweep(one), sweep(two), sweep(one), sweep(two)]);
    await sweep(two);
    expect(await requests('listRefunds')).toHaveLength(1);
    await e.t.advance(minutes(5) + 1);
    await sweep(two);
    expect(await requests('listRefunds')).toHaveLength(2);
  });

  test('of a process that died is made by another when its lease has ended', async () => {
    await known();
    const dying = await e.t.replica({
      adapter: {
        listRefunds: () => {
          throw new Error('killed');
        },
      },
    });
    await expect(sweep(dying)).rejects.toThrow('killed');
    expect(await account()).toMatchObject({ swept_until: null });
    const requests = await watchRequests(e.t);
    await sweep();
    expect(await requests('listRefunds')).toEqual([]);
    await e.t.advance(minutes(11));
    await sweep();
    expect(await requests('listRefunds')).toHaveLength(1);
  });

  test('that the provider does not answer moves nothing, and is made again later', async () => {
    const { t } = e;
    const paymentId = await known();
    await consoleRefund(t, paymentId, '400.00');
    await armFault(t, 'error-before-effect', { operation: 'listRefunds', times: 20 });
    expect(await sweep()).toEqual([]);
    expect(await account()).toMatchObject({
      swept_until: null,
      sweep_lease_until: null,
      sweep_position: null,
    });
    await clearFaults(t);
    expect(await sweep()).toEqual([]);
    await t.advance(minutes(5));
    expect(await sweep()).toHaveLength(1);
  });

  test('that takes more pages than one round reads goes on in the next, from where it stopped', async () => {
    const { t } = e;
    const paymentIds = [];
    for (let index = 0; index < 25; index += 1) paymentIds.push(await known('100.00'));
    for (const paymentId of paymentIds) await consoleRefund(t, paymentId, '10.00');
    const asked: RefundListQuery[] = [];
    const world = await withShortPages(asked);
    expect(await sweep(world)).toHaveLength(20);
    expect(await account()).toMatchObject({ swept_until: null, sweep_position: { cursor: '20' } });
    // Another process goes on; what is made meanwhile shifts nothing, since the window has an end.
    await t.advance(5);
    await consoleRefund(t, paymentIds[0]!, '5.00');
    const other = await withShortPages(asked);
    await sweep(other);
    expect(asked.slice(10, 14).map(({ cursor }) => cursor)).toEqual(['20', '22', '24', undefined]);
    expect(asked[10]!.createdTo).toEqual(asked[0]!.createdTo);
    expect((await account()).swept_until).toEqual(asked[0]!.createdTo);
    while ((await lookAtDue()) > 0);
    for (const paymentId of paymentIds.slice(1))
      expect(await shown(paymentId)).toEqual([['EXTERNAL', 'SUCCEEDED', 1_000n]]);
  });

  test('that goes on with a page which the provider has forgotten begins its window anew', async () => {
    const { t } = e;
    await known();
    const at = t.clock.now();
    const position = { from: at.toISOString(), to: at.toISOString(), cursor: 'forgotten' };
    await t.database.db
      .updateTable('accounts')
      .set({ sweep_position: JSON.stringify(position) })
      .where('id', '=', e.connection().accountId)
      .execute();
    expect(await sweep()).toEqual([]);
    expect(await account()).toMatchObject({ sweep_position: null, swept_until: null });
    await t.advance(minutes(5));
    await sweep();
    expect((await account()).swept_until).not.toBeNull();
  });

  test('asks nothing of an account without payments, or of a provider that cannot list by time', async () => {
    const { t } = e;
    const other = t.world.connections.findByCode(t.caller('other').viewer.merchantId, 'yookassa-other')!;
    await known();
    const unable = await t.replica({
      adapter: { capabilities: { ...e.connection().adapter.capabilities, listByTime: false } },
    });
    const requests = await watchRequests(t);
    await sweepAccount(t.world, other);
    await sweep(unable);
    expect(await requests()).toEqual([]);
  });
});

test('a payment that the provider does not answer about is looked at again, ever later', async () => {
  const { t } = e;
  const paymentId = await known();
  const second = await known();
  await consoleRefund(t, paymentId, '400.00');
  await t.advance(1);
  await consoleRefund(t, second, '400.00');
  expect(await sweep()).toHaveLength(2);
  await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 100 });
  const requests = await watchRequests(t);
  expect(await lookAtDue()).toBe(0);
  const rows = [await paymentRow(t, paymentId), await paymentRow(t, second)];
  // The second was not asked about, and keeps its time.
  expect(new Set(rows.map((row) => row.look_failures))).toEqual(new Set([0, 1]));
  expect(rows.map((row) => row.look_lease_until)).toEqual([null, null]);
  expect(new Set((await requests('getPayment')).map(({ path }) => path)).size).toBe(1);
  await clearFaults(t);
  expect(await lookAtDue()).toBe(1);
  await t.advance(61);
  expect(await lookAtDue()).toBe(1);
  expect(await paymentRow(t, paymentId)).toMatchObject({ look_failures: 0, next_look_at: null });
  expect(await shown(paymentId)).toEqual([['EXTERNAL', 'SUCCEEDED', 40_000n]]);
});

test('another provider is swept alike', async () => {
  const { t } = e;
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
  const paymentId = await razorpayPayment(t, '100.00');
  await seePayment(t.world, connection, paymentId);
  await t.control('console-refund', {
    provider: 'razorpay',
    reference: paymentId,
    amount: { value: '10.00', currency: 'MYR' },
  });
  expect(await sweepAccount(t.world, connection)).toHaveLength(1);
  await lookAtDuePayments(t.world, connection);
  expect((await shown(paymentId)).map(([origin]) => origin)).toEqual(['EXTERNAL']);
  await t.advance(minutes(5));
  expect(await sweepAccount(t.world, connection)).toEqual([]);
});
