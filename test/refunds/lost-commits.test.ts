import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import { createErrorMask } from '../../src/server/masked-errors.ts';
import type { RefundId } from '../../src/ids.ts';
import { busyWhenAnswered } from '../support/busy-payment.ts';
import { proxiedWorld, type ProxiedWorld } from '../support/proxied-world.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  valueOf,
} from '../support/rules.ts';
import { after, before, inCommitOf, inStatement, toClient, toServer } from '../support/tcp-cuts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let through: ProxiedWorld;
/** Of its payments somebody else has the lock when the provider answers. */
let busy: ProxiedWorld;
beforeAll(async () => {
  t = await createTestWorld('lost_commits');
  through = await proxiedWorld(t);
  busy = await proxiedWorld(t, {}, { adapter: busyWhenAnswered(t) });
});
afterAll(async () => {
  await through.close();
  await busy.close();
  await t.close();
});
afterEach(async () => {
  through.proxy.pass();
  busy.proxy.pass();
  await clearFaults(t);
});

const sides = ['before', 'after'] as const;
const create = (command: CreateRefundCommand) => createRefund(through.world, t.caller(), command);
const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

/** What a caller is told of what was thrown. */
const toldOf = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(
    () => new Error('it took effect'),
    (thrown: unknown) => thrown,
  );
  const told = createErrorMask(t.world.log)(error);
  return 'extensions' in told ? told.extensions : told;
};
const sameKey = { code: 'DATABASE_UNAVAILABLE', retry: 'SAME_KEY' };

/** What a caller does after that: the same again, and, while it is not settled, syncRefund. */
async function again(command: CreateRefundCommand): Promise<RefundId> {
  const first = valueOf(await create({ ...command, waitMs: 0 }));
  await t.advance(leaseSeconds + 1);
  valueOf(await syncRefund(through.world, t.caller(), { refundId: first.refundId, waitMs: 10_000 }));
  const { refundId, replayed } = valueOf(await create(command));
  expect([refundId, replayed]).toEqual([first.refundId, true]);
  return refundId;
}

async function expectOneRefund(paymentId: string, refundId: RefundId): Promise<void> {
  expect(await refundRows(t, paymentId)).toHaveLength(1);
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
  expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
  expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
  await expectSound(t, paymentId);
}

describe.each(sides)('a connection that is lost in COMMIT, %s it took effect', (side) => {
  test('of the intent: the caller is told to send the same key again, and one refund comes of it', async () => {
    const paymentId = await t.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const cut = through.proxy.cutWhen(inStatement('INSERT INTO refunds', side));
    expect(await toldOf(create(command))).toEqual(sameKey);
    await cut.done;
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(0);
    expect(await refundRows(t, paymentId)).toHaveLength(side === 'before' ? 0 : 1);
    await expectOneRefund(paymentId, await again(command));
  });

  test('of the intent under the lock: the caller is told to send the same key again, and one refund comes of it', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const { refundId: replaces } = valueOf(await create(refundCommand(paymentId, 40_000n)));
    const command = refundCommand(paymentId, 40_000n, { replaces });
    const cut = through.proxy.cutWhen(inCommitOf('INSERT INTO refunds', side));
    expect(await toldOf(create(command))).toEqual(sameKey);
    await cut.done;
    expect(await refundRows(t, paymentId)).toHaveLength(side === 'before' ? 1 : 2);
    const refundId = await again(command);
    expect((await refundRows(t, paymentId)).map(({ id }) => id)).toEqual([replaces, refundId]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test("of the outcome's transition: it is repeated, and counted once", async () => {
    const paymentId = await t.payment('1500.00');
    const cut = busy.proxy.cutWhen(inCommitOf('UPDATE refund_legs', side));
    const { refundId } = valueOf(
      await createRefund(busy.world, t.caller(), refundCommand(paymentId, 40_000n)),
    );
    await cut.done;
    await expectOneRefund(paymentId, refundId);
  });

  test('of the claim of a leg that waits: it is sent once', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const command = refundCommand(paymentId, 40_000n);
    const { refundId } = valueOf(await create(command));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED' });
    const cut = through.proxy.cutWhen(inCommitOf('update "leg_attempts" set "sends"', side));
    const sync = syncRefund(through.world, t.caller(), { refundId, waitMs: 2_000 }).catch(() => undefined);
    await cut.done;
    await sync;
    await expectOneRefund(paymentId, await again(command));
  });

  test('of cancelRefund: asked again, it is canceled once', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'rate-limited');
    const { refundId } = valueOf(await create(refundCommand(paymentId, 40_000n)));
    const cut = through.proxy.cutWhen(inCommitOf('UPDATE refund_legs', side));
    expect(await toldOf(cancelRefund(through.world, t.caller(), { refundId }))).toEqual(sameKey);
    await cut.done;
    expect((await refundRow(t, refundId)).status).toBe(side === 'before' ? 'QUEUED' : 'CANCELED');
    valueOf(await cancelRefund(through.world, t.caller(), { refundId }));
    expect((await refundRow(t, refundId)).status).toBe('CANCELED');
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(0);
    await expectSound(t, paymentId);
  });

  test('of retryRefund: asked again, it is retried once', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'refuse', { code: 'insufficient_funds' });
    const { refundId } = valueOf(await create(refundCommand(paymentId, 40_000n)));
    expect((await refundRow(t, refundId)).status).toBe('FAILED');
    const retry = () =>
      retryRefund(through.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 });
    const cut = through.proxy.cutWhen(inCommitOf('insert into "leg_attempts"', side));
    expect(await toldOf(retry())).toEqual(sameKey);
    await cut.done;
    expect(valueOf(await retry()).replayed).toBe(side === 'after');
    valueOf(await syncRefund(through.world, t.caller(), { refundId, waitMs: 10_000 }));
    const refund = await refundRow(t, refundId);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', retries: 1 });
    expect(refund.attempts).toHaveLength(2);
    const ended = (await t.ledgerOf(paymentId)).refunds.map(({ status }) => status);
    expect(ended.toSorted()).toEqual(['canceled', 'succeeded']);
    await expectSound(t, paymentId);
  });

  test('of cancelPayment: asked again, the hold is released once', async () => {
    const paymentId = await t.payment('2000.00', { status: 'authorized' });
    const command = {
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'OTHER',
      note: null,
      feeBearer: null,
      ifCaptured: 'REFUSE',
      waitMs: 10_000,
    } as const;
    const cancel = () => cancelPayment(through.world, t.caller(), command);
    const cut = through.proxy.cutWhen(inCommitOf('insert into "payment_operations"', side));
    expect(await toldOf(cancel())).toEqual(sameKey);
    await cut.done;
    expect((await t.ledgerOf(paymentId)).voided).toBe(false);
    valueOf(await cancel());
    await t.advance(leaseSeconds + 1);
    expect(valueOf(await cancel())).toMatchObject({ outcome: 'VOIDED', replayed: true });
    expect((await t.ledgerOf(paymentId)).voided).toBe(true);
    const operations = await t.database.db
      .selectFrom('payment_operations')
      .select('status')
      .where('payment_id', '=', (await paymentRow(t, paymentId)).id)
      .execute();
    expect(operations).toEqual([{ status: 'SUCCEEDED' }]);
  });
});

describe('a connection that is lost elsewhere', () => {
  const atOnce = toServer('\0WITH held');
  const isDone = toClient('SELECT 1');
  test.each([
    ['before the statement that records an answer and what follows from it', before(atOnce)],
    ['after it', before(atOnce, isDone)],
  ] as const)('%s: the refund is read first, and counted once', async (side, rule) => {
    const paymentId = await t.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const cut = through.proxy.cutWhen(rule);
    const { refundId } = valueOf(await create(command));
    await cut.done;
    await expectOneRefund(paymentId, refundId);
    const refund = await refundRow(t, refundId);
    expect(refund.attempts).toMatchObject([{ outcome: 'accepted', sends: 1, unclear_sends: 0 }]);
    // What took effect was not done again.
    const moves = await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', refundId)
      .where('kind', '=', 'leg.moved')
      .execute();
    expect(moves).toHaveLength(1);
    expect({ side, version: refund.version }).toEqual({ side, version: 2 });
  });

  const rawOutcome = toServer('\0UPDATE leg_attempts SET');
  test.each([
    ['before', before(rawOutcome)],
    ['after', before(rawOutcome, toClient('UPDATE 1'))],
  ] as const)('%s the raw outcome of a send is stored: the outcome is kept', async (_side, rule) => {
    const paymentId = await t.payment('1500.00');
    const cut = busy.proxy.cutWhen(rule);
    const { refundId } = valueOf(
      await createRefund(busy.world, t.caller(), refundCommand(paymentId, 40_000n)),
    );
    await cut.done;
    await expectOneRefund(paymentId, refundId);
  });

  test('in a replay: the same key again is the same refund', async () => {
    const paymentId = await t.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const { refundId } = valueOf(await create(command));
    for (const statement of ['LEFT JOIN idempotency', 'from "refund_legs"']) {
      const cut = through.proxy.cutWhen(after(toServer(statement)));
      expect(await toldOf(create(command))).toEqual(sameKey);
      await cut.done;
    }
    expect(valueOf(await create(command))).toEqual({ refundId, replayed: true });
    await expectOneRefund(paymentId, refundId);
  });
});
