import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stripe } from '../../src/providers/stripe/index.ts';
import type { PaymentFacts, VoidOutcome } from '../../src/providers/provider.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { openVoid } from '../../src/refunds/open-void.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import type { World } from '../../src/refunds/world.ts';
import { pass } from '../support/engine.ts';
import { ask } from '../support/execute.ts';
import {
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundRows,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import {
  ACCOUNT,
  armStripe,
  stopCommand,
  stripeCommand,
  stripeMode,
  stripePayment,
} from '../support/stripe.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('stopped_payments');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await stripeMode(t, { refunds: 'instant' });
});

const cancelIn = (world: World, command: ReturnType<typeof stopCommand>) =>
  cancelPayment(world, t.caller(), command);
const cancel = (command: ReturnType<typeof stopCommand>) => cancelIn(t.world, command);
const unpaid = () => stripePayment(t, '80.00', { status: 'pending' });
const hold = () => stripePayment(t, '80.00', { status: 'authorized' });
const lost: VoidOutcome = {
  kind: 'unknown',
  failure: { code: 'UNKNOWN_OUTCOME', message: 'No answer.', retry: 'WAIT', providerCode: null },
  evidence: {},
};
const leaseSeconds = (stripe.sendDeadlineMs * 2 + 10_000) / 1000;

/** What the payment looks like, instead of what it is, until it is sent something. */
async function asIfBefore(
  facts: Partial<PaymentFacts>,
  send: 'really' | (() => Promise<VoidOutcome>) = 'really',
): Promise<World> {
  let isSent = false;
  return t.replica({
    adapter: {
      async readPayment(access, id) {
        const look = await stripe.readPayment(access as never, id);
        if (isSent || look.kind !== 'found') return look;
        return { kind: 'found', value: { payment: { ...look.value.payment, ...facts }, refunds: [] } };
      },
      sendVoid(access, request, id, mayStillSend) {
        isSent = true;
        return send === 'really' ? stripe.sendVoid(access as never, request, id, mayStillSend) : send();
      },
    },
  });
}
const notPaid = { state: 'PENDING', capturedMinor: 0n } as const;
const held = { state: 'AUTHORIZED', capturedMinor: 0n } as const;

/** From now on the payment is told to be in this state, whatever it is. */
const seenAs = (state: PaymentFacts['state']): Promise<World> =>
  t.replica({
    adapter: {
      async readPayment(access, id) {
        const look = await stripe.readPayment(access as never, id);
        return look.kind === 'found'
          ? { kind: 'found', value: { ...look.value, payment: { ...look.value.payment, state } } }
          : look;
      },
    },
  });

const operationsOf = async (paymentId: string) =>
  t.database.db
    .selectFrom('payment_operations')
    .select(['kind', 'status', 'sends', 'refund_id', 'lease_until'])
    .where('payment_id', '=', (await paymentRow(t, paymentId)).id)
    .orderBy('created_at')
    .execute();

const refundThere = async (paymentId: string) => {
  const made = await fetch(`${t.sandbox.stripeUrl}/refunds`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_SimStripeDemo000000000001' },
    body: new URLSearchParams({ payment_intent: paymentId }),
  });
  expect(made.status).toBe(200);
};

describe('a payment that is not paid yet', () => {
  test('whose closing did not arrive is closed by the engine alone', async () => {
    const paymentId = await unpaid();
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment' });
    const input = stopCommand(paymentId);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await operationsOf(paymentId)).toMatchObject([{ kind: 'CANCEL_UNPAID', status: 'UNKNOWN' }]);
    await pass(t, t.world, 6);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'SUCCEEDED', sends: 2 }]);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED', replayed: true });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'canceled' });
  });

  test('that still stands after a day is given up, and can be closed by a new key', async () => {
    const paymentId = await unpaid();
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment', times: 1_000 });
    const input = stopCommand(paymentId);
    await cancel(input);
    await pass(t, t.world, 3_700, 24);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    expect(problemOf(await cancel(input))).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      retry: 'NEW_REQUEST',
      message: expect.stringContaining('can still be paid'),
    });
    await clearFaults(t);
    expect(valueOf(await cancel(stopCommand(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
  });

  test.each([
    ['REFUSE', 'it was paid', []],
    ['REFUND', 'all of it is refunded', [{ status: 'SUCCEEDED', amount_minor: 8_000n }]],
  ] as const)('and is paid meanwhile: with %s %s', async (ifCaptured, _what, refunds) => {
    const paymentId = await stripePayment(t, '80.00');
    const input = stopCommand(paymentId, { ifCaptured });
    const result = await cancelIn(await asIfBefore(notPaid), input);
    if (ifCaptured === 'REFUND')
      expect(valueOf(result)).toMatchObject({ outcome: 'REFUND_CREATED', replayed: false });
    else
      expect(problemOf(result)).toMatchObject({
        type: 'NotCancelable',
        message: expect.stringContaining('was paid before it could be closed'),
      });
    const again = await cancel(input);
    expect(again.ok && again.value.replayed).toBe(result.ok);
    expect(await refundRows(t, paymentId)).toMatchObject(refunds);
    expect(await operationsOf(paymentId)).toMatchObject([{ kind: 'CANCEL_UNPAID', status: 'FAILED' }]);
    await expectSound(t, paymentId);
  });

  test('and is authorized meanwhile is told so; a new key releases the hold', async () => {
    const paymentId = await hold();
    const world = await asIfBefore(notPaid, async () => lost);
    expect(problemOf(await cancelIn(world, stopCommand(paymentId)))).toMatchObject({
      type: 'NotCancelable',
      message: expect.stringContaining('was authorized'),
      retry: 'NEW_REQUEST',
    });
    expect(valueOf(await cancel(stopCommand(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('closed twice at once by two processes with one key is one operation', async () => {
    const paymentId = await unpaid();
    const input = stopCommand(paymentId);
    const other = await t.replica();
    for (const result of await Promise.all([cancel(input), cancelIn(other, input)]))
      expect(['VOIDED', 'IN_PROGRESS']).toContain(valueOf(result).outcome);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'SUCCEEDED', sends: 1 }]);
  });

  test('has CANCEL among its actions where its provider can close it, until that is under way', async () => {
    const paymentId = await unpaid();
    const actions = async () => {
      const data = await ask<{ payment: { allowedActions: string[] } }>(
        t.world,
        t.caller(),
        `query ($id: String!) { payment(by: { provider: { account: "${ACCOUNT}", paymentId: $id } }) { allowedActions } }`,
        { id: paymentId },
      );
      return data.payment.allowedActions;
    };
    expect(await actions()).toEqual(['CANCEL']);
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment' });
    const input = stopCommand(paymentId);
    await cancel(input);
    expect(await actions()).toEqual([]);
    expect(problemOf(await cancel(stopCommand(paymentId)))).toMatchObject({ type: 'OperationInProgress' });
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED' });
    expect(await actions()).toEqual([]);
  });
});

describe('a payment that was paid meanwhile, and given back by being closed', () => {
  test.each(['REFUSE', 'REFUND'] as const)(
    'is one refund, and no second one follows (%s)',
    async (ifCaptured) => {
      const paymentId = await stripePayment(t, '80.00');
      const world = await asIfBefore(notPaid, async () => {
        await refundThere(paymentId);
        return lost;
      });
      const input = stopCommand(paymentId, { ifCaptured });
      const done = valueOf(await cancelIn(world, input));
      expect(done).toMatchObject({ outcome: 'REFUND_CREATED', replayed: false });
      expect(valueOf(await cancel(input))).toEqual({ ...done, replayed: true });
      expect(await refundRows(t, paymentId)).toMatchObject([{ id: done.refundId, origin: 'EXTERNAL' }]);
      expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
      await expectSound(t, paymentId);
    },
  );

  test('is waited for where its provider shows the refund only later', async () => {
    const paymentId = await stripePayment(t, '80.00');
    let isSent = false;
    const world = await t.replica({
      adapter: {
        async readPayment(access, id) {
          const look = await stripe.readPayment(access as never, id);
          if (look.kind !== 'found') return look;
          const seen = isSent ? { refundableByProvider: false, refundedMinor: 0n } : notPaid;
          return { kind: 'found', value: { payment: { ...look.value.payment, ...seen }, refunds: [] } };
        },
        async sendVoid() {
          isSent = true;
          await refundThere(paymentId);
          return lost;
        },
      },
    });
    const input = stopCommand(paymentId, { ifCaptured: 'REFUND' });
    expect(valueOf(await cancelIn(world, input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(valueOf(await cancelIn(world, input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'REFUND_CREATED', replayed: true });
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL' }]);
    await expectSound(t, paymentId);
  });

  test('is found out by the engine where it could not be read', async () => {
    const paymentId = await stripePayment(t, '80.00');
    const world = await asIfBefore(notPaid, async () => {
      await refundThere(paymentId);
      await armStripe(t, 'error-before-effect', { operation: 'getPayment', times: 50 });
      return lost;
    });
    const input = stopCommand(paymentId, { ifCaptured: 'REFUND' });
    expect(valueOf(await cancelIn(world, input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    await clearFaults(t);
    await pass(t, t.world, 6);
    const [refund] = await refundRows(t, paymentId);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'SUCCEEDED', refund_id: refund!.id }]);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'REFUND_CREATED', refundId: refund!.id });
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    await expectSound(t, paymentId);
  });
});

describe('a hold', () => {
  test('that ends as a failed payment while its release is unclear is released', async () => {
    const paymentId = await hold();
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment' });
    const input = stopCommand(paymentId);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(valueOf(await cancelIn(await seenAs('FAILED'), input))).toMatchObject({ outcome: 'VOIDED' });
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  test('that is neither held nor anything else for a day keeps no other operation away', async () => {
    const paymentId = await hold();
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment' });
    const input = stopCommand(paymentId);
    await cancel(input);
    const world = await seenAs('PENDING');
    expect(valueOf(await cancelIn(world, input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    await t.advance(24 * 3_600);
    expect(problemOf(await cancelIn(world, input))).toMatchObject({ retry: 'NEW_REQUEST' });
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'FAILED' }]);
  });

  test('whose release had ended before it was captured is not refunded by a late repetition', async () => {
    const paymentId = await stripePayment(t, '80.00');
    await armStripe(t, 'rate-limited', { operation: 'cancelPayment' });
    const before = await seenAs('AUTHORIZED');
    const input = stopCommand(paymentId, { ifCaptured: 'REFUND' });
    const told = problemOf(await cancelIn(before, input));
    expect(told).toMatchObject({ code: 'RATE_LIMITED', retry: 'NEW_REQUEST' });
    await seePayment(t.world, connection(), paymentId);
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CAPTURED' });
    expect(problemOf(await cancel(input))).toEqual(told);
    expect(await refundRows(t, paymentId)).toEqual([]);
  });

  test('that is captured at the same moment for one of two requests with one key is refunded once', async () => {
    const paymentId = await stripePayment(t, '80.00');
    const input = stopCommand(paymentId, { ifCaptured: 'REFUND' });
    const first = await asIfBefore(held);
    let reads = 0;
    let won: unknown;
    const second = await t.replica({
      adapter: {
        async readPayment(access, id) {
          reads += 1;
          // Its facts are old by the time at which it refunds, so that it reads once more.
          if (reads === 1) await t.advance(61);
          else won = valueOf(await cancelIn(first, input));
          return stripe.readPayment(access as never, id);
        },
      },
    });
    await seePayment(t.world, connection(), paymentId);
    const slower = valueOf(await cancelIn(second, input));
    expect(won).toMatchObject({ outcome: 'REFUND_CREATED', replayed: false });
    expect(slower).toEqual({ ...(won as object), replayed: true });
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('that was captured before the payment could be locked is not released', async () => {
    const paymentId = await stripePayment(t, '80.00');
    await seePayment(t.world, connection(), paymentId);
    const payment = await paymentRow(t, paymentId);
    const asRead = { ...payment, state: 'AUTHORIZED' as const };
    const input = stopCommand(paymentId);
    const opened = await openVoid(t.world, t.caller(), input, connection(), asRead, Buffer.from('hash'));
    expect(opened).toBe('changed');
    expect(await operationsOf(paymentId)).toEqual([]);
  });
});

describe('a sender that is late', () => {
  /** Its call is begun, and goes on when it is woken up. */
  async function slowWorld() {
    const { promise, resolve: wakeUp } = Promise.withResolvers<void>();
    const world = await t.replica({
      adapter: {
        async sendVoid(access, request, id, mayStillSend) {
          await promise;
          return stripe.sendVoid(access as never, request, id, mayStillSend);
        },
      },
    });
    return { world, wakeUp };
  }

  test('and sends nothing any more proves nothing about the send that came after it', async () => {
    const paymentId = await hold();
    const input = stopCommand(paymentId, { waitMs: 0 });
    const slow = await slowWorld();
    expect(valueOf(await cancelIn(slow.world, input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    await t.advance(leaseSeconds + 1);
    await armStripe(t, 'lost-before-effect', { operation: 'cancelPayment' });
    expect(valueOf(await cancel({ ...input, waitMs: 10_000 }))).toMatchObject({ outcome: 'IN_PROGRESS' });
    slow.wakeUp();
    await slow.world.background.drain(5_000);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'UNKNOWN', sends: 2 }]);
    expect(valueOf(await cancel({ ...input, waitMs: 10_000 }))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('does not end the lease of the one that sends now', async () => {
    const paymentId = await hold();
    const input = stopCommand(paymentId, { waitMs: 0 });
    const first = await slowWorld();
    await cancelIn(first.world, input);
    await t.advance(leaseSeconds + 1);
    const second = await slowWorld();
    await cancelIn(second.world, { ...input, waitMs: 300 });
    await expect.poll(async () => (await operationsOf(paymentId))[0]!.sends).toBe(2);
    first.wakeUp();
    await first.world.background.drain(5_000);
    const [operation] = await operationsOf(paymentId);
    expect(operation).toMatchObject({ status: 'SENDING' });
    expect(operation!.lease_until).not.toBeNull();
    second.wakeUp();
    await second.world.background.drain(5_000);
    expect(await operationsOf(paymentId)).toMatchObject([{ status: 'SUCCEEDED', sends: 2 }]);
  });

  test('because its transaction took too long sends nothing', async () => {
    const paymentId = await hold();
    let offset = 0;
    const clock = { ...t.clock, now: () => new Date(t.clock.now().getTime() + offset) };
    const waiting = await t.replica({
      clock,
      adapter: {
        // The payment is locked here.
        buildVoid(target, key) {
          offset = leaseSeconds * 1_000;
          return stripe.buildVoid(target, key);
        },
      },
    });
    const requests = await watchRequests(t, 'stripe');
    expect(problemOf(await cancelIn(waiting, stopCommand(paymentId)))).toMatchObject({
      retry: 'NEW_REQUEST',
    });
    expect(await requests('cancelPayment')).toEqual([]);
  });
});

describe('a captured payment', () => {
  test.each([
    ['a part of which is on its way is refunded for the rest', 3_000n, 'REFUND_CREATED', 5_000n],
    ['all of which is on its way has nothing to cancel', 8_000n, 'NOTHING_TO_CANCEL', null],
  ])('%s', async (_title, pendingMinor, outcome, restMinor) => {
    const paymentId = await stripePayment(t, '80.00');
    await stripeMode(t, { refunds: 'pending' });
    valueOf(await createRefund(t.world, t.caller(), stripeCommand(paymentId, pendingMinor)));
    expect(valueOf(await cancel(stopCommand(paymentId, { ifCaptured: 'REFUND' })))).toMatchObject({
      outcome,
    });
    const [, rest] = await refundRows(t, paymentId);
    expect(rest?.amount_minor ?? null).toBe(restMinor);
    await expectSound(t, paymentId, { quiet: false });
  });

  test('whose refund failed, and that was refunded elsewhere since, still tells of its own by the same key', async () => {
    const paymentId = await stripePayment(t, '80.00');
    await armStripe(t, 'refuse', { code: 'charge_disputed' });
    const input = stopCommand(paymentId, { ifCaptured: 'REFUND', idempotencyKey: newKey() });
    const made = valueOf(await cancel(input));
    await clearFaults(t);
    await refundThere(paymentId);
    await seePayment(t.world, connection(), paymentId);
    expect(valueOf(await cancel(input))).toEqual({ ...made, replayed: true });
    expect(valueOf(await cancel(stopCommand(paymentId)))).toMatchObject({ outcome: 'NOTHING_TO_CANCEL' });
  });
});

function connection() {
  return t.world.connections.findByCode(t.caller().viewer.merchantId, ACCOUNT)!;
}
