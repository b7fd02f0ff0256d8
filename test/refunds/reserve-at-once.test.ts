import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { openEpoch } from '../../src/db/epochs.ts';
import { insertVoidOperation } from '../../src/db/operations.ts';
import { lockPaymentForUpdate } from '../../src/db/payments.ts';
import { isDatabaseUnavailable } from '../../src/db/unavailable.ts';
import type { Problem, Result } from '../../src/errors.ts';
import { uuidv7, type OperationId } from '../../src/ids.ts';
import {
  createRefund,
  type CreateRefundCommand,
  type RefundCreated,
} from '../../src/refunds/create-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { World } from '../../src/refunds/world.ts';
import { heldWorld, untilWaitingForLocks, type HeldWorld } from '../support/held-intent.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let held: HeldWorld;
beforeAll(async () => {
  t = await createTestWorld('reserve_at_once');
  held = await heldWorld(t);
});
afterAll(async () => {
  await held.close();
  await t.close();
});
beforeEach(() => void held.ways());
afterEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const create = (world: World, command: CreateRefundCommand) => createRefund(world, t.caller(), command);
const connectionOf = (world: World) =>
  world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
const see = (paymentId: string) => seePayment(t.world, connectionOf(t.world), paymentId);

/** A payment whose facts are fresh. */
async function knownPayment(value: string, more: Record<string, unknown> = {}): Promise<string> {
  const paymentId = await t.payment(value, more);
  await see(paymentId);
  return paymentId;
}

describe('nobody is faster', () => {
  test('a refund of a known payment is committed by one statement, outside of a transaction', async () => {
    const paymentId = await knownPayment('100.00');
    const { refundId } = valueOf(await create(held.world, refundCommand(paymentId, 4_000n)));
    expect(held.ways()).toEqual(['at once']);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', legs: [{ name: 'all' }] });
    await expectSound(t, paymentId);
  });

  test('one of a payment that was never seen, too, after it was read', async () => {
    const paymentId = await t.payment('100.00');
    valueOf(await create(held.world, refundCommand(paymentId, 4_000n)));
    expect(held.ways()).toEqual(['at once']);
    await expectSound(t, paymentId);
  });

  test('one of several sellers, each with a leg', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await knownPayment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00'), platformFee: rub('90.00') },
        { account: '200602', amount: rub('600.00'), platformFee: rub('60.00') },
      ],
    });
    const command = refundCommand(paymentId, 'remaining', { feeBearer: 'PLATFORM' });
    const { refundId } = valueOf(await create(held.world, command));
    expect(held.ways()).toEqual(['at once']);
    expect((await refundRow(t, refundId)).legs).toHaveLength(2);
    await held.world.background.drain(10_000);
  });

  test('what is refused is refused under the lock', async () => {
    const paymentId = await knownPayment('100.00');
    expect(problemOf(await create(held.world, refundCommand(paymentId, 10_001n))).code).toBe(
      'AMOUNT_EXCEEDS_REFUNDABLE',
    );
    expect(held.ways()).toEqual([]);
    expect(await refundRows(t, paymentId)).toEqual([]);
  });
});

/** What somebody else does with a payment of 100.00 between the reading and the intent of a refund of 60.00. */
interface Between {
  readonly change: (paymentId: string) => Promise<unknown>;
  /** What the refund is then; a code: why not. */
  readonly becomes: string;
  readonly prepare?: (paymentId: string) => Promise<unknown>;
}

const whatBetween: Readonly<Record<string, Between>> = {
  'another refund that leaves too little': {
    change: async (paymentId) => valueOf(await create(t.world, refundCommand(paymentId, 6_000n))),
    becomes: 'AMOUNT_EXCEEDS_REFUNDABLE',
  },
  'another refund that leaves enough': {
    change: async (paymentId) => valueOf(await create(t.world, refundCommand(paymentId, 3_000n))),
    becomes: 'SUCCEEDED',
  },
  'a refund made elsewhere that is seen': {
    change: async (paymentId) => {
      await consoleRefund(t, paymentId, '60.00');
      await see(paymentId);
    },
    becomes: 'AMOUNT_EXCEEDS_REFUNDABLE',
  },
  'a refund that failed, and is retried': {
    prepare: async (paymentId) => {
      await armFault(t, 'refuse', { code: 'insufficient_funds' });
      valueOf(await create(t.world, refundCommand(paymentId, 6_000n)));
    },
    change: async (paymentId) => {
      const [failed] = await refundRows(t, paymentId);
      valueOf(
        await retryRefund(t.world, t.caller(), {
          refundId: failed!.id,
          expectedRetries: 0,
          waitMs: 10_000,
        }),
      );
    },
    becomes: 'AMOUNT_EXCEEDS_REFUNDABLE',
  },
  'a refund that is being sent': {
    change: async (paymentId) => {
      await refundsAre(t, 'pending');
      valueOf(await create(t.world, refundCommand(paymentId, 1_000n)));
    },
    becomes: 'PENDING',
  },
  'a void that was opened': { change: openVoid, becomes: 'ANOTHER_OPERATION_IN_PROGRESS' },
};

/** As `cancelPayment` opens it; of a captured payment it would not. */
async function openVoid(paymentId: string): Promise<void> {
  const { id } = await paymentRow(t, paymentId);
  const { merchantId, keyId } = t.caller().viewer;
  await inTransaction(t.database.db, async (tx) => {
    const payment = (await lockPaymentForUpdate(tx, merchantId, id))!;
    const operationId = uuidv7<OperationId>();
    await insertVoidOperation(tx, {
      operationId,
      payment,
      kind: 'VOID',
      stored: {
        provider_key: newKey(),
        wire_version: 'yookassa/yookassa-1',
        method: 'POST',
        path: '/void',
        headers: '{}',
        body: '{}',
      },
      leaseMs: 60_000,
      reason: 'OTHER',
      note: null,
      createdBy: keyId,
      idempotency: { key: newKey(), hashVersion: 1, hash: Buffer.from('void') },
      event: {
        merchantId,
        paymentId: payment.id,
        operationId,
        kind: 'void.created',
        to: 'SENDING',
        source: 'API',
        cause: { actor: 'test', keyId, requestId: null },
      },
    });
  });
}

const outcomeOf = async (result: Result<RefundCreated>): Promise<string> =>
  result.ok ? (await refundRow(t, result.value.refundId)).status : result.problems[0]!.code;

describe('somebody else is faster', () => {
  test.each(Object.entries(whatBetween))(
    '%s: nothing is done by the statement, and the refund is decided under the lock',
    async (_name, { prepare, change, becomes }) => {
      const paymentId = await knownPayment('100.00');
      await prepare?.(paymentId);
      held.beforeIntent(() => change(paymentId));
      const result = await create(held.world, refundCommand(paymentId, 6_000n));
      expect(await outcomeOf(result)).toBe(becomes);
      expect(held.ways()).toEqual(result.ok ? ['at once', 'under lock'] : ['at once']);
      const { reserved_minor, refunded_minor, unbound_minor } = await paymentRow(t, paymentId);
      expect(reserved_minor + refunded_minor + unbound_minor).toBeLessThanOrEqual(10_000n);
      await expectSound(t, paymentId, { quiet: false });
    },
  );

  test('the time: a refund whose window has closed is not reserved on what was read before', async () => {
    const paymentId = await knownPayment('100.00');
    const { id } = await paymentRow(t, paymentId);
    await sql`UPDATE payments SET refund_window_closes_at = app_now() + interval '5 seconds' WHERE id = ${id}`.execute(
      t.database.db,
    );
    held.beforeIntent(() => t.advance(6));
    // It is read again, and then its provider says that there is no such limit.
    valueOf(await create(held.world, refundCommand(paymentId, 6_000n)));
    expect(held.ways()).toEqual(['at once', 'at once']);
    expect((await paymentRow(t, paymentId)).refund_window_closes_at).not.toBeNull();
  });

  test('the time: what was read a while ago is read again, under the lock', async () => {
    const paymentId = await knownPayment('100.00');
    held.beforeIntent(() => t.advance(11));
    valueOf(await create(held.world, refundCommand(paymentId, 6_000n)));
    expect(held.ways()).toEqual(['at once', 'under lock']);
  });

  test('another merchant: its payment is not there', async () => {
    const paymentId = await knownPayment('100.00');
    const { id } = await paymentRow(t, paymentId);
    const stranger = await createRefund(
      held.world,
      t.caller('other'),
      refundCommand(paymentId, 1_000n, { payment: { id } }),
    );
    expect(problemOf(stranger).code).toBe('PAYMENT_NOT_FOUND');
    expect(held.ways()).toEqual([]);
  });
});

/** A busy database may let a request wait too long; its caller sends the same key again. */
async function untilAnswered(world: World, command: CreateRefundCommand): Promise<Result<RefundCreated>> {
  for (;;) {
    try {
      return await create(world, command);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
    }
  }
}

describe('at the same moment', () => {
  const rounds = 12;

  test('one key in two processes: one refund, and both are told of it', async () => {
    const paymentId = await knownPayment('1000.00');
    for (let round = 0; round < rounds; round += 1) {
      const command = refundCommand(paymentId, 1_000n, { waitMs: 0 });
      const both = await Promise.all([create(t.world, command), create(held.world, command)]);
      const [first, second] = both.map(valueOf);
      expect(first!.refundId).toBe(second!.refundId);
      expect(first!.replayed).toBe(!second!.replayed);
    }
    expect(await refundRows(t, paymentId)).toHaveLength(rounds);
  });

  test('one key with other content: one refund, and the other is a conflict', async () => {
    const [paymentId, otherId] = [await knownPayment('1000.00'), await knownPayment('1000.00')];
    for (let round = 0; round < rounds; round += 1) {
      const command = refundCommand(paymentId, 1_000n, { waitMs: 0 });
      const others = [
        { ...command, note: 'other' },
        { ...command, payment: { account: 'yookassa-demo', paymentId: otherId } },
      ];
      const other = others[round % 2]!;
      const both = await Promise.all([create(t.world, command), create(held.world, other)]);
      expect(both.filter(({ ok }) => ok)).toHaveLength(1);
      expect(problemOf(both.find(({ ok }) => !ok)!).code).toBe('IDEMPOTENCY_KEY_REUSED');
    }
    const made = [...(await refundRows(t, paymentId)), ...(await refundRows(t, otherId))];
    expect(made).toHaveLength(rounds);
  });

  test('one reference: one refund, and the other is told which has it', async () => {
    const [paymentId, otherId] = [await knownPayment('1000.00'), await knownPayment('1000.00')];
    for (let round = 0; round < rounds; round += 1) {
      const reference = newKey();
      const both = await Promise.all([
        create(t.world, refundCommand(paymentId, 1_000n, { reference, waitMs: 0 })),
        create(held.world, refundCommand(otherId, 1_000n, { reference, waitMs: 0 })),
      ]);
      const winner = both.find(({ ok }) => ok)!;
      expect(problemOf(both.find(({ ok }) => !ok)!)).toMatchObject({
        type: 'ReferenceTaken',
        existingRefundId: valueOf(winner).refundId,
      } satisfies Partial<Problem>);
    }
  });

  test('400 refunds of 30.00 of a payment of 10 000.00 in two processes: 333, and no more', async () => {
    const paymentId = await knownPayment('10000.00');
    const worlds = [await t.replica(), held.world];
    // So that all that is measured is who reserves: what waits is sent later.
    const { accountId } = connectionOf(t.world);
    for (const world of worlds) world.pausedAccounts.add(accountId);
    const results = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        untilAnswered(worlds[index % 2]!, refundCommand(paymentId, 3_000n, { waitMs: 0 })),
      ),
    );
    for (const world of worlds) world.pausedAccounts.delete(accountId);
    expect(results.filter(({ ok }) => ok)).toHaveLength(333);
    for (const result of results.filter(({ ok }) => !ok))
      expect(problemOf(result).code).toBe('AMOUNT_EXCEEDS_REFUNDABLE');
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 999_000n, refunded_minor: 0n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test('the statement locks the payment before anything else, so that whoever holds it goes on', async () => {
    const paymentId = await knownPayment('100.00');
    await refundsAre(t, 'pending');
    const first = valueOf(await create(t.world, refundCommand(paymentId, 1_000n)));
    const command = refundCommand(paymentId, 2_000n);
    const { id } = await paymentRow(t, paymentId);
    let waiting: Promise<Result<RefundCreated>> | undefined;
    await inTransaction(t.database.db, async (tx) => {
      await lockPaymentForUpdate(tx, t.caller().viewer.merchantId, id);
      waiting = create(held.world, command);
      await untilWaitingForLocks(held, 1);
      await sql`SET LOCAL lock_timeout = '1s'`.execute(tx);
      await sql`UPDATE refunds SET version = version + 1 WHERE id = ${first.refundId}`.execute(tx);
      await sql`UPDATE refund_legs SET updated_at = now() WHERE refund_id = ${first.refundId}`.execute(tx);
      await sql`UPDATE idempotency SET key = ${command.idempotencyKey} WHERE refund_id = ${first.refundId}`.execute(
        tx,
      );
      await sql`UPDATE payments SET version = version + 1 WHERE id = ${id}`.execute(tx);
    });
    expect(problemOf(await waiting!).code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(held.ways()).toEqual(['at once']);
  });
});

// The last: an epoch is one for the whole database.
describe('after a restore', () => {
  test('one that is opened between the reading and the intent is seen, and the payment is read again', async () => {
    const paymentId = await knownPayment('100.00');
    held.beforeIntent(() => openEpoch(t.database.db));
    valueOf(await create(held.world, refundCommand(paymentId, 6_000n)));
    // Not before its refunds were read in the new epoch; what the same key may have made is looked up under the lock.
    expect(held.ways()).toEqual(['at once', 'under lock']);
    expect((await paymentRow(t, paymentId)).read_epoch).toBe(2);
    await expectSound(t, paymentId);
  });

  test('of a payment that was captured since, nothing can be forgotten', async () => {
    await t.advance(1);
    const paymentId = await knownPayment('100.00');
    valueOf(await create(held.world, refundCommand(paymentId, 6_000n)));
    expect(held.ways()).toEqual(['at once']);
  });
});
