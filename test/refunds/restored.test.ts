import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { endRestoring } from '../../src/refunds/restoring.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { Money } from '../../src/money.ts';
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
  refundRows,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { razorpayCommand, razorpayPayment } from '../support/razorpay.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

/** The service that goes on after the backup was made, and that the restore makes us forget. */
let live: TestWorld;
let old: TestWorld | undefined;
beforeAll(async () => {
  live = await createTestWorld('restored');
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

const money = (minor: bigint): Money => ({ minor, currency: 'RUB' });
const rub = (value: string) => ({ value, currency: 'RUB' });
const split = () =>
  live.payment('1500.00', {
    sources: [
      { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
      { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
    ],
  });

const create = (t: TestWorld, command: CreateRefundCommand) => createRefund(t.world, t.caller(), command);
const made = async (t: TestWorld, command: CreateRefundCommand) =>
  refundRow(t, valueOf(await create(t, command)).refundId);
const see = async (t: TestWorld, paymentId: string) => {
  const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
  return seePayment(t.world, connection, paymentId);
};
const accountOf = (t: TestWorld, merchant: 'demo' | 'other' = 'demo') =>
  t.world.connections.findByCode(t.caller(merchant).viewer.merchantId, `yookassa-${merchant}`)!;

/** A backup, what happens after it, the loss of the database, and the service on the backup; all keys are forgotten. */
async function restoreAfter(act: () => Promise<unknown>, how: Restoring = {}): Promise<TestWorld> {
  const backup = await backUp(live);
  await act();
  // Longer than any provider remembers a key: from here on the same bytes would be another refund.
  await live.advance(26 * 3_600);
  await clearFaults(live);
  old = await restore(live, backup, how);
  return old;
}

const succeededAt = async (paymentId: string) =>
  (await live.ledgerOf(paymentId)).refunds
    .filter(({ status }) => status === 'succeeded')
    .map(({ id, amountMinor }) => ({ id, amountMinor }));

const wishes: readonly [what: string, paid: () => Promise<string>, more: Partial<CreateRefundCommand>][] = [
  ['a sum', () => live.payment('1500.00'), { amount: { kind: 'money', money: money(40_000n) } }],
  ['all that remains', () => live.payment('1500.00'), { amount: { kind: 'remaining' } }],
  ['all of two sellers in one call', split, { amount: { kind: 'remaining' }, feeBearer: 'SELLER' }],
  ['all of two sellers in two calls', split, { amount: { kind: 'remaining' }, feeBearer: 'PLATFORM' }],
  [
    'the whole sum of two sellers',
    split,
    { amount: { kind: 'money', money: money(150_000n) }, feeBearer: 'PLATFORM' },
  ],
  [
    'a share of each of two sellers',
    split,
    {
      feeBearer: 'PLATFORM',
      amount: {
        kind: 'sources',
        sources: [
          { seller: '200601', amount: money(10_000n), platformFee: null },
          { seller: '200602', amount: money(20_000n), platformFee: null },
        ],
      },
    },
  ],
];

describe.each(wishes)('the key of a forgotten refund of %s', (_, paid, more) => {
  test.each(['known to', 'unknown to'])(
    'adopts it when it is repeated, for a payment %s the backup: the money moved once',
    async (known) => {
      const paymentId = await paid();
      if (known === 'known to') await see(live, paymentId);
      const command = refundCommand(paymentId, 'remaining', more);
      const t = await restoreAfter(() => made(live, command));
      const before = await refundRows(live, paymentId);
      const requests = await watchRequests(t);

      const again = valueOf(await create(t, command));
      expect(again.replayed).toBe(true);
      const refund = await refundRow(t, again.refundId);
      expect(refund).toMatchObject({
        origin: 'API',
        status: 'SUCCEEDED',
        returned_minor: before[0]!.returned_minor,
        amount_minor: before[0]!.amount_minor,
      });
      const bindingsOf = (row: typeof refund) =>
        row.legs.map(({ name, provider_refund_id }) => `${name} ${provider_refund_id}`).toSorted();
      expect(bindingsOf(refund)).toEqual(bindingsOf(before[0]!));
      expect(await requests('createRefund')).toEqual([]);
      await expectSound(t, paymentId);
      // From now on the key is known like any other.
      expect(valueOf(await create(t, command))).toEqual(again);
      expect(await requests('createRefund')).toEqual([]);
    },
  );
});

describe('a key that is repeated', () => {
  test('asks for what remained then, not for what remains now: an earlier refund and its own are forgotten', async () => {
    const paymentId = await live.payment('1500.00');
    await see(live, paymentId);
    const first = refundCommand(paymentId, 40_000n);
    const rest = refundCommand(paymentId, 'remaining');
    const t = await restoreAfter(async () => {
      await made(live, first);
      await made(live, rest);
    });
    const requests = await watchRequests(t);
    expect(await made(t, rest)).toMatchObject({ status: 'SUCCEEDED', amount_minor: 110_000n });
    expect(await paymentRow(t, paymentId)).toMatchObject({
      refunded_minor: 110_000n,
      unbound_minor: 40_000n,
    });
    expect(await made(t, first)).toMatchObject({ status: 'SUCCEEDED', amount_minor: 40_000n });
    expect(await requests('createRefund')).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('finds its refund at another provider, too', async () => {
    const paymentId = await razorpayPayment(live, '1500.00');
    const command = razorpayCommand(paymentId, 40_000n);
    const t = await restoreAfter(() => made(live, command));
    const requests = await watchRequests(t, 'razorpay');
    expect(await made(t, command)).toMatchObject({ amount_minor: 40_000n, retries: 0 });
    expect(await requests('createRefund')).toEqual([]);
    expect((await live.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId, { quiet: false });
  });

  test('finds a refund whose answer was lost in both lives', async () => {
    const paymentId = await live.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const t = await restoreAfter(async () => {
      await armFault(live, 'lost-after-effect');
      expect(await made(live, command)).toMatchObject({ status: 'UNKNOWN' });
    });
    const requests = await watchRequests(t);
    expect(await made(t, command)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('finds the second attempt of a refund whose first one failed', async () => {
    const paymentId = await live.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const t = await restoreAfter(async () => {
      await armFault(live, 'refuse', { code: 'insufficient_funds' });
      const { id } = await made(live, command);
      valueOf(
        await retryRefund(live.world, live.caller(), { refundId: id, expectedRetries: 0, waitMs: 10_000 }),
      );
      expect(await refundRow(live, id)).toMatchObject({ status: 'SUCCEEDED' });
    });
    const requests = await watchRequests(t);
    const refund = await made(t, command);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', retries: 1 });
    expect(refund.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await requests('createRefund')).toEqual([]);
    // Read once more: the failed attempt is nobody else's.
    await t.advance(25 * 3_600);
    await see(t, paymentId);
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('is failed as it was when its refund failed, and can be retried', async () => {
    const paymentId = await live.payment('1500.00');
    const command = refundCommand(paymentId, 'remaining');
    const t = await restoreAfter(async () => {
      await armFault(live, 'refuse', { code: 'insufficient_funds' });
      expect(await made(live, command)).toMatchObject({ status: 'FAILED' });
    });
    const refund = await made(t, command);
    expect(refund).toMatchObject({ status: 'FAILED', amount_minor: 150_000n });
    expect(await succeededAt(paymentId)).toEqual([]);
    await endRestoring(t.world, accountOf(t));
    const again = { refundId: refund.id, expectedRetries: 0, waitMs: 10_000 };
    valueOf(await retryRefund(t.world, t.caller(), again));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await succeededAt(paymentId)).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('sends the part that was never executed, and that part alone', async () => {
    const paymentId = await split();
    const command = refundCommand(paymentId, 'remaining', { feeBearer: 'PLATFORM' });
    const t = await restoreAfter(async () => {
      await armFault(live, 'slow', { ms: 1 });
      await armFault(live, 'rate-limited', { retryAfterMs: 600_000 });
      await made(live, command);
      expect(await succeededAt(paymentId)).toHaveLength(1);
    });
    await endRestoring(t.world, accountOf(t));
    const requests = await watchRequests(t);
    const refund = await made(t, command);
    expect(refund).toMatchObject({ status: 'SUCCEEDED', amount_minor: 150_000n, returned_minor: 150_000n });
    expect(await requests('createRefund')).toHaveLength(1);
    expect((await succeededAt(paymentId)).map(({ amountMinor }) => amountMinor).toSorted()).toEqual([
      '60000',
      '90000',
    ]);
    await expectSound(t, paymentId);
  });

  test('with another amount than was executed is other content: nothing is reserved, and nothing sent', async () => {
    const paymentId = await live.payment('1500.00');
    const command = refundCommand(paymentId, 40_000n);
    const t = await restoreAfter(() => made(live, command));
    const requests = await watchRequests(t);
    const other = { ...command, amount: { kind: 'money' as const, money: money(50_000n) } };
    expect(problemOf(await create(t, other))).toMatchObject({ type: 'IdempotencyKeyReused', retry: 'NEVER' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, unbound_minor: 40_000n });
    expect(await made(t, command)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await requests('createRefund')).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('takes back what was imported as EXTERNAL meanwhile, without a second count', async () => {
    const paymentId = await live.payment('1500.00');
    await see(live, paymentId);
    const command = refundCommand(paymentId, 'remaining');
    const t = await restoreAfter(() => made(live, command));
    await t.advance(25 * 3_600);
    await see(t, paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL', status: 'SUCCEEDED' }]);
    const alerts: string[] = [];
    const world = { ...t.world, alerts: { raise: (code: string) => void alerts.push(code) } };
    expect(await made({ ...t, world }, command)).toMatchObject({ origin: 'API', status: 'SUCCEEDED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 150_000n, overcommitted: false });
    expect(alerts).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('is not sent again when what it made is kept by an EXTERNAL refund that waits for a person', async () => {
    const paymentId = await live.payment('1500.00');
    await see(live, paymentId);
    await refundsAre(live, 'pending');
    const command = refundCommand(paymentId, 40_000n);
    const t = await restoreAfter(() => made(live, command));
    await t.advance(25 * 3_600);
    await see(t, paymentId);
    const [external] = await refundRows(t, paymentId);
    expect(external).toMatchObject({ origin: 'EXTERNAL', status: 'PENDING' });
    const { db } = t.database;
    await db
      .updateTable('refund_legs')
      .set({ status: 'MANUAL_REVIEW', amount_minor: 39_999n })
      .where('refund_id', '=', external!.id)
      .execute();
    const requests = await watchRequests(t);
    expect(problemOf(await create(t, command))).toMatchObject({
      type: 'OperationInProgress',
      retry: 'ASK_A_HUMAN',
    });
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    expect(await requests('createRefund')).toEqual([]);
  });

  test('to cancel a payment finds the hold released, or the refund that was made instead', async () => {
    const [held, captured] = [
      await live.payment('2000.00', { status: 'authorized' }),
      await live.payment('1500.00'),
    ];
    const cancel = (t: TestWorld, command: CancelPaymentCommand) =>
      cancelPayment(t.world, t.caller(), command);
    const command = (paymentId: string): CancelPaymentCommand => ({
      idempotencyKey: newKey(),
      payment: { account: 'yookassa-demo', paymentId },
      reason: 'OTHER',
      note: null,
      feeBearer: null,
      ifCaptured: 'REFUND',
      waitMs: 10_000,
    });
    const [release, refund] = [command(held), command(captured)];
    await see(live, held);
    const t = await restoreAfter(async () => {
      expect(valueOf(await cancel(live, release)).outcome).toBe('VOIDED');
      expect(valueOf(await cancel(live, refund)).outcome).toBe('REFUND_CREATED');
    });
    const requests = await watchRequests(t);
    expect(valueOf(await cancel(t, release)).outcome).toBe('NOTHING_TO_CANCEL');
    expect(valueOf(await cancel(t, refund))).toMatchObject({ outcome: 'REFUND_CREATED', replayed: true });
    expect(await requests('createRefund', 'cancelPayment')).toEqual([]);
    await expectSound(t, captured);
  });
});

describe('a refund that nobody asks about again', () => {
  test('lowers what is refundable at once, and is EXTERNAL after the day in which its key may be repeated', async () => {
    const paymentId = await live.payment('1500.00');
    await see(live, paymentId);
    const t = await restoreAfter(() => made(live, refundCommand(paymentId, 40_000n)));
    await see(t, paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({ unbound_minor: 40_000n, refunded_minor: 0n });
    expect(await refundRows(t, paymentId)).toEqual([]);
    expect(problemOf(await create(t, refundCommand(paymentId, 110_001n)))).toMatchObject({
      type: 'AmountExceedsRefundable',
      refundable: { minor: 110_000n },
    });
    await t.advance(23 * 3_600);
    await see(t, paymentId);
    expect(await refundRows(t, paymentId)).toEqual([]);
    await t.advance(2 * 3_600);
    await see(t, paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL', amount_minor: 40_000n }]);
    await expectSound(t, paymentId);
  });

  test('was it made in the console of the provider, it is EXTERNAL at once', async () => {
    const paymentId = await live.payment('1500.00');
    await see(live, paymentId);
    const t = await restoreAfter(() =>
      live.control('console-refund', { provider: 'yookassa', reference: paymentId, amount: rub('400.00') }),
    );
    await see(t, paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL', amount_minor: 40_000n }]);
  });
});
