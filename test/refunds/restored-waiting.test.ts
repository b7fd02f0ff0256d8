import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leaseOperation } from '../../src/db/operations.ts';
import { openEpoch, releasePayment } from '../../src/db/epochs.ts';
import type { RefundId } from '../../src/ids.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { endRestoring } from '../../src/refunds/restoring.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { openVoid } from '../../src/refunds/open-void.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { runLine } from '../../src/refunds/sending-line.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { createWorld } from '../../src/refunds/world.ts';
import { backUp, restore, type Restoring } from '../support/restore.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let live: TestWorld;
let old: TestWorld | undefined;
beforeAll(async () => {
  live = await createTestWorld('restored_waiting');
});
afterAll(() => live.close());
beforeEach(async () => {
  await clearFaults(live);
  await refundsAre(live, 'instant');
});
afterEach(async () => {
  await old?.close();
  old = undefined;
});

/** A backup, what happens after it, the loss of the database, and the service on the backup. */
async function restoreAfter(act: () => Promise<unknown>, how: Restoring = {}): Promise<TestWorld> {
  const backup = await backUp(live);
  await act();
  await clearFaults(live);
  old = await restore(live, backup, how);
  return old;
}
const nothing = async () => undefined;

const create = (t: TestWorld, command: CreateRefundCommand, merchant?: 'demo' | 'other') =>
  createRefund(t.world, t.caller(merchant), command);
const made = async (t: TestWorld, command: CreateRefundCommand) =>
  refundRow(t, valueOf(await create(t, command)).refundId);
const sync = (t: TestWorld, refundId: RefundId) =>
  syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const accountOf = (t: TestWorld, merchant: 'demo' | 'other' = 'demo') =>
  t.world.connections.findByCode(t.caller(merchant).viewer.merchantId, `yookassa-${merchant}`)!;
const healthOf = async (t: TestWorld, merchant: 'demo' | 'other' = 'demo') =>
  (
    await t.database.db
      .selectFrom('accounts')
      .select('health')
      .where('id', '=', accountOf(t, merchant).accountId)
      .executeTakeFirstOrThrow()
  ).health;
const succeededAt = async (paymentId: string) =>
  (await live.ledgerOf(paymentId)).refunds.filter(({ status }) => status === 'succeeded').length;

/** Reads of the provider fail, sends do not: what must not be sent is sent if nothing holds it back. */
const readsFail = async (t: TestWorld) => {
  await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 1_000 });
};

/** A refund that waits unsent, because the provider was too busy. */
async function queuedRefund(paymentId: string, minor = 40_000n): Promise<RefundId> {
  await armFault(live, 'rate-limited', { retryAfterMs: 1_000 });
  const refund = await made(live, refundCommand(paymentId, minor));
  expect(refund.status).toBe('QUEUED');
  await clearFaults(live);
  return refund.id;
}

/** A refund whose answer was lost before the provider took it. */
async function unknownRefund(paymentId: string, minor = 40_000n): Promise<RefundId> {
  await armFault(live, 'lost-before-effect');
  const refund = await made(live, refundCommand(paymentId, minor));
  expect(refund.status).toBe('UNKNOWN');
  await clearFaults(live);
  return refund.id;
}

async function failedRefund(paymentId: string, minor = 40_000n): Promise<RefundId> {
  await armFault(live, 'refuse', { code: 'insufficient_funds' });
  const refund = await made(live, refundCommand(paymentId, minor));
  expect(refund.status).toBe('FAILED');
  return refund.id;
}

/** Sends what waits of the payment, as the engine does for an account that is not paused. */
async function runLineOf(t: TestWorld, paymentId: string): Promise<void> {
  const payment = await paymentRow(t, paymentId);
  t.world.pausedAccounts.clear();
  await runLine(t.world, accountOf(t), payment.merchant_id, payment.id);
}

describe('what waits in the backup', () => {
  test('and was executed after it is found by its reference, and not sent again', async () => {
    const [queued, unknown] = [await live.payment('1500.00'), await live.payment('1500.00')];
    const ids = [await queuedRefund(queued), await unknownRefund(unknown)];
    const t = await restoreAfter(async () => {
      for (const id of ids) {
        await sync(live, id);
        expect(await refundRow(live, id)).toMatchObject({ status: 'SUCCEEDED' });
      }
    });
    await t.advance(3_600);
    const requests = await watchRequests(t);
    await runLineOf(t, queued);
    await sync(t, ids[1]!);
    for (const [index, paymentId] of [queued, unknown].entries()) {
      expect(await refundRow(t, ids[index]!)).toMatchObject({ status: 'SUCCEEDED' });
      expect(await succeededAt(paymentId)).toBe(1);
      await expectSound(t, paymentId);
    }
    expect(await requests('createRefund')).toEqual([]);
  });

  test('and was refused, retried and executed after it is found by its second attempt, and not sent again', async () => {
    const payments = [
      await live.payment('1500.00'),
      await live.payment('1500.00'),
      await live.payment('1500.00'),
    ];
    const ids = [
      await queuedRefund(payments[0]!),
      await unknownRefund(payments[1]!),
      await failedRefund(payments[2]!),
    ];
    const t = await restoreAfter(async () => {
      for (const [index, refundId] of ids.entries()) {
        await armFault(live, 'refuse', { code: 'insufficient_funds' });
        if (index < 2) await sync(live, refundId);
        else await clearFaults(live);
        if ((await refundRow(live, refundId)).status !== 'FAILED') await sync(live, refundId);
        expect(await refundRow(live, refundId)).toMatchObject({ status: 'FAILED' });
        const retry = { refundId, expectedRetries: 0, waitMs: 10_000 };
        valueOf(await retryRefund(live.world, live.caller(), retry));
        expect(await refundRow(live, refundId)).toMatchObject({ status: 'SUCCEEDED' });
      }
    });
    await t.advance(3_600);
    const requests = await watchRequests(t);
    await runLineOf(t, payments[0]!);
    await sync(t, ids[1]!);
    const retry = { refundId: ids[2]!, expectedRetries: 0, waitMs: 10_000 };
    expect(valueOf(await retryRefund(t.world, t.caller(), retry)).replayed).toBe(true);
    for (const [index, id] of ids.entries()) {
      expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED', retries: 1 });
      expect(await succeededAt(payments[index]!)).toBe(1);
      await expectSound(t, payments[index]!);
    }
    expect(await requests('createRefund')).toEqual([]);
  });

  test('and was never executed is sent once, after the read', async () => {
    const paymentId = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    const t = await restoreAfter(nothing);
    await t.advance(3_600);
    const requests = await watchRequests(t);
    await runLineOf(t, paymentId);
    const sent = await requests();
    const first = sent.findIndex(({ operation }) => operation === 'createRefund');
    expect(sent.slice(0, first).map(({ operation }) => operation)).toContain('listRefunds');
    expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await succeededAt(paymentId)).toBe(1);
    await expectSound(t, paymentId);
  });

  test.each([
    [
      'a queued refund, by the sending line',
      queuedRefund,
      (t: TestWorld, _: RefundId, p: string) => runLineOf(t, p),
    ],
    ['a queued refund, by syncRefund', queuedRefund, (t: TestWorld, id: RefundId) => sync(t, id)],
    ['an unclear refund, by syncRefund', unknownRefund, (t: TestWorld, id: RefundId) => sync(t, id)],
    [
      'a failed refund, by retryRefund',
      failedRefund,
      (t: TestWorld, refundId: RefundId) =>
        retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 5_000 }),
    ],
    [
      'a new refund, by createRefund',
      failedRefund,
      (t: TestWorld, _: RefundId, paymentId: string) => create(t, refundCommand(paymentId, 1_000n)),
    ],
  ] as const)('is not sent while the payment cannot be read: %s', async (_, before, act) => {
    const paymentId = await live.payment('1500.00');
    const id = await before(paymentId);
    const t = await restoreAfter(nothing);
    await t.advance(1_800);
    const status = (await refundRow(t, id)).status;
    await readsFail(t);
    const requests = await watchRequests(t);
    await act(t, id, paymentId);
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, id)).toMatchObject({ status });
    // It is not asked for again at once, either.
    const asked = (await requests()).length;
    if (status === 'QUEUED') await runLineOf(t, paymentId);
    if (status === 'QUEUED') expect((await requests()).length).toBe(asked);
    await clearFaults(t);
    await expectSound(t, paymentId);
  });

  test('a refund of a payment that was read a moment before the restore needs another read, too', async () => {
    const paymentId = await live.payment('1500.00');
    await made(live, refundCommand(paymentId, 1_000n));
    const t = await restoreAfter(nothing);
    await readsFail(t);
    const requests = await watchRequests(t);
    expect(problemOf(await create(t, refundCommand(paymentId, 1_000n)))).toMatchObject({
      type: 'ProviderProblem',
      retry: 'SAME_KEY',
    });
    expect(await requests('createRefund')).toEqual([]);
    await clearFaults(t);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, read_epoch: 1 });
  });

  test('a hold is not released again while the payment was not read', async () => {
    const paymentId = await live.payment('2000.00', { status: 'authorized' });
    const command: CancelPaymentCommand = {
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'OTHER',
      note: null,
      feeBearer: null,
      ifCaptured: 'REFUSE',
      waitMs: 5_000,
    };
    await armFault(live, 'lost-before-effect', { operation: 'cancelPayment' });
    await cancelPayment(live.world, live.caller(), command);
    const t = await restoreAfter(nothing);
    await readsFail(t);
    const requests = await watchRequests(t);
    valueOf(await cancelPayment(t.world, t.caller(), command));
    expect(await requests('cancelPayment')).toEqual([]);
    // Whoever comes there without a read is stopped under the payment's lock.
    const payment = await paymentRow(t, paymentId);
    const { id } = await t.database.db
      .selectFrom('payment_operations')
      .select('id')
      .where('payment_id', '=', payment.id)
      .executeTakeFirstOrThrow();
    expect(await leaseOperation(t.database.db, id, 1_000)).toBeUndefined();
    const another = { ...command, idempotencyKey: newKey() };
    const opened = await openVoid(
      t.world,
      t.caller(),
      another,
      accountOf(t),
      { ...payment, state: 'AUTHORIZED' },
      Buffer.from('hash'),
    );
    if (opened === 'changed') throw new Error('the payment is still held');
    expect(problemOf(opened)).toMatchObject({ type: 'OperationInProgress', retry: 'WAIT' });
    expect(problemOf(opened).message).toContain('restored');
    await clearFaults(t);
    expect(valueOf(await cancelPayment(t.world, t.caller(), command)).outcome).toBe('VOIDED');
    expect(await requests('cancelPayment')).toHaveLength(1);
  });

  test('without being told that the database is an old one, nothing of this happens', async () => {
    const paymentId = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    const t = await restoreAfter(nothing, { isTold: false });
    await t.advance(3_600);
    const requests = await watchRequests(t);
    await runLineOf(t, paymentId);
    expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
    const sent = (await requests()).map(({ operation }) => operation);
    expect(sent[0]).toBe('createRefund');
  });
});

describe('an account that is being restored', () => {
  test('keeps its queued refunds back, also in processes that start later, until what is under way was read', async () => {
    const payments = [await live.payment('1500.00'), await live.payment('1500.00')];
    const ids = [await queuedRefund(payments[0]!), await unknownRefund(payments[1]!)];
    const t = await restoreAfter(() => sync(live, ids[1]!));
    await t.advance(1_800);
    const { pausedAccounts } = await createWorld(t.world);
    expect(pausedAccounts).toContain(accountOf(t).accountId);
    expect(pausedAccounts).toContain(accountOf(t, 'other').accountId);
    // A refund is taken and waits; the read before it does not end the pause.
    const waiting = await made(t, refundCommand(payments[1]!, 1_000n));
    expect(waiting.status).toBe('QUEUED');
    expect(await healthOf(t)).toBe('RESTORING');
    expect(await endRestoring(t.world, accountOf(t), 1)).toBe(false);
    while (!(await endRestoring(t.world, accountOf(t), 1)));
    expect(await healthOf(t)).toBe('OK');
    expect(await healthOf(t, 'other')).toBe('RESTORING');
    expect(await refundRow(t, ids[1]!)).toMatchObject({ status: 'SUCCEEDED' });
    const [queued, unknown] = await Promise.all(payments.map((paymentId) => paymentRow(t, paymentId)));
    expect([queued!.read_epoch, unknown!.read_epoch]).toEqual([2, 2]);
    for (const paymentId of payments) {
      await runLine(t.world, accountOf(t), queued!.merchant_id, (await paymentRow(t, paymentId)).id);
      await expectSound(t, paymentId);
    }
    expect(await refundRow(t, waiting.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('ends that by itself with the engine, and then sends what waits', async () => {
    const paymentId = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    const t = await restoreAfter(nothing);
    await t.advance(1_800);
    for (let round = 0; round < 10 && (await healthOf(t)) !== 'OK'; round += 1) await driveDue(t.world);
    expect(await healthOf(t)).toBe('OK');
    await t.advance(120);
    await driveDue(t.world);
    expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await succeededAt(paymentId)).toBe(1);
    await expectSound(t, paymentId);
  });

  test('stays so while its provider cannot be asked, and again after another restore', async () => {
    const paymentId = await live.payment('1500.00');
    await queuedRefund(paymentId);
    const t = await restoreAfter(nothing);
    await readsFail(t);
    expect(await endRestoring(t.world, accountOf(t))).toBe(false);
    expect(await healthOf(t)).toBe('RESTORING');
    await clearFaults(t);
    while (!(await endRestoring(t.world, accountOf(t))));
    expect(await openEpoch(t.database.db)).toMatchObject({ number: 3 });
    expect(await healthOf(t)).toBe('RESTORING');
    expect(await endRestoring(t.world, accountOf(t))).toBe(true);
    expect(await paymentRow(t, paymentId)).toMatchObject({ read_epoch: 3 });
  });

  test('does not wait for a payment that its provider does not know any more', async () => {
    const paymentId = await live.payment('1500.00');
    const other = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    await queuedRefund(other);
    const t = await restoreAfter(nothing, {
      adapter: {
        readPayment: async (access, of) =>
          of === paymentId ? { kind: 'absent' } : yookassa.readPayment(access as never, of),
      },
    });
    await t.advance(1_800);
    while (!(await endRestoring(t.world, accountOf(t), 1)));
    expect((await paymentRow(t, other)).read_epoch).toBe(2);
    const requests = await watchRequests(t);
    await runLineOf(t, paymentId);
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, id)).toMatchObject({ status: 'QUEUED' });
  });

  test('is not read by an answer to a question that was asked before the restore was known', async () => {
    const paymentId = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    let during: () => Promise<unknown> = nothing;
    const t = await restoreAfter(nothing, {
      isTold: false,
      adapter: {
        readPayment: async (access, of) => {
          const look = await yookassa.readPayment(access as never, of);
          await during();
          return look;
        },
      },
    });
    during = () => openEpoch(t.database.db);
    await seePayment(t.world, accountOf(t), paymentId);
    during = nothing;
    expect(await paymentRow(t, paymentId)).toMatchObject({ read_epoch: 1 });
    await seePayment(t.world, accountOf(t), paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({ read_epoch: 2 });
    expect(await refundRow(t, id)).toMatchObject({ status: 'QUEUED' });
  });

  test('is one of its own: a refund of another merchant is sent as always, after one read', async () => {
    const paymentId = await live.payment('1500.00', { account: 'yookassa-other' });
    const t = await restoreAfter(nothing);
    expect(await endRestoring(t.world, accountOf(t, 'other'))).toBe(true);
    expect(await healthOf(t)).toBe('RESTORING');
    const command = refundCommand(paymentId, 40_000n, { payment: { account: 'yookassa-other', paymentId } });
    const { refundId } = valueOf(await create(t, command, 'other'));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a provider whose refunds cannot be listed', () => {
  const capabilities = {
    ...yookassa.capabilities,
    externalRefunds: 'INVISIBLE' as const,
    listByPayment: false,
    listByTime: false,
  };
  const adapter = {
    capabilities,
    // A read shows the payment alone.
    readPayment: async (access: unknown, id: string) => {
      const look = await yookassa.readPayment(access as never, id);
      return look.kind === 'found' ? { ...look, value: { ...look.value, refunds: [] } } : look;
    },
  };

  test('holds back what was captured before, until a person releases it; an event tells so', async () => {
    const paymentId = await live.payment('1500.00');
    const id = await queuedRefund(paymentId);
    const t = await restoreAfter(nothing, { adapter });
    await t.advance(1_800);
    expect(await endRestoring(t.world, accountOf(t))).toBe(true);
    const requests = await watchRequests(t);
    await runLineOf(t, paymentId);
    expect(problemOf(await create(t, refundCommand(paymentId, 1_000n)))).toMatchObject({
      type: 'PaymentNotRefundable',
      retry: 'ASK_A_HUMAN',
    });
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, id)).toMatchObject({ status: 'QUEUED' });

    const payment = await paymentRow(t, paymentId);
    expect(await releasePayment(t.database.db, payment.id)).toBe(true);
    expect(await releasePayment(t.database.db, payment.id)).toBe(true);
    const released = await t.database.db
      .selectFrom('events')
      .select(['actor', 'evidence'])
      .where('payment_id', '=', payment.id)
      .where('kind', '=', 'payment.released')
      .execute();
    expect(released).toEqual([{ actor: 'operator', evidence: { epoch: 2 } }]);
    await t.advance(120);
    await runLineOf(t, paymentId);
    expect(await refundRow(t, id)).toMatchObject({ status: 'SUCCEEDED' });
    // A release counts for its epoch alone.
    await openEpoch(t.database.db);
    expect(problemOf(await create(t, refundCommand(paymentId, 1_000n)))).toMatchObject({
      type: 'PaymentNotRefundable',
    });
  });

  test('and what was lost there is not sent again before that, either', async () => {
    const paymentId = await live.payment('1500.00');
    const failed = await failedRefund(paymentId);
    const id = await unknownRefund(paymentId);
    const t = await restoreAfter(nothing, { adapter });
    await t.advance(1_800);
    const requests = await watchRequests(t);
    await sync(t, id);
    expect(await requests('createRefund')).toEqual([]);
    expect(await refundRow(t, id)).toMatchObject({ status: 'UNKNOWN' });
    const retry = { refundId: failed, expectedRetries: 0, waitMs: 5_000 };
    const retried = await retryRefund(t.world, t.caller(), retry);
    expect(problemOf(retried)).toMatchObject({ type: 'PaymentNotRefundable', retry: 'ASK_A_HUMAN' });
    expect(await requests('createRefund')).toEqual([]);
    await releasePayment(t.database.db, (await paymentRow(t, paymentId)).id);
    await sync(t, id);
    expect(await requests('createRefund')).toHaveLength(1);
    expect(await succeededAt(paymentId)).toBe(1);
  });

  test('also what is seen for the first time after the restore', async () => {
    const paymentId = await live.payment('1500.00');
    await live.advance(1);
    const t = await restoreAfter(nothing, { adapter });
    expect(problemOf(await create(t, refundCommand(paymentId, 1_000n)))).toMatchObject({
      type: 'PaymentNotRefundable',
    });
  });

  test('but not what was captured after it', async () => {
    const t = await restoreAfter(nothing, { adapter });
    await t.advance(1);
    expect(await endRestoring(t.world, accountOf(t))).toBe(true);
    const paymentId = await live.payment('1500.00');
    expect(await made(t, refundCommand(paymentId, 1_000n))).toMatchObject({ status: 'SUCCEEDED' });
  });
});
