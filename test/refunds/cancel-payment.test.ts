import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import { cancelPayment, type CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  refundCommand,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { watchVersions, type Unraised } from '../support/version-watch.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
let unraised: () => Promise<Unraised[]>;
beforeAll(async () => {
  t = await createTestWorld('cancel_payment');
  unraised = await watchVersions(t.database.db);
});
afterAll(async () => {
  expect(await unraised()).toEqual([]);
  await t.close();
});
beforeEach(() => clearFaults(t));

const command = (paymentId: string, more: Partial<CancelPaymentCommand> = {}): CancelPaymentCommand => ({
  idempotencyKey: newKey(),
  payment: { account: 'yookassa-demo', paymentId },
  reason: 'OTHER',
  note: null,
  feeBearer: null,
  ifCaptured: 'REFUSE',
  waitMs: 10_000,
  ...more,
});
const cancel = (input: CancelPaymentCommand, merchant: 'demo' | 'other' = 'demo') =>
  cancelPayment(t.world, t.caller(merchant), input);
const hold = () => t.payment('2000.00', { status: 'authorized' });
const voidFault = (kind: string, more: Record<string, unknown> = {}) =>
  armFault(t, kind, { operation: 'cancelPayment', ...more });

const leaseSeconds = (yookassa.sendDeadlineMs * 2 + 10_000) / 1000;

/** A process that stops right before it sends a void, until it is woken up. */
async function dyingWorld() {
  let wakeUp = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    wakeUp = resolve;
  });
  const world = await t.replica({
    adapter: {
      async sendVoid(access, request, paymentId, mayStillSend) {
        await stopped;
        return yookassa.sendVoid(access as never, request, paymentId, mayStillSend);
      },
    },
  });
  return { world, wakeUp };
}

const operations = async (paymentId: string) =>
  t.database.db
    .selectFrom('payment_operations')
    .select(['status', 'sends', 'failure'])
    .where('payment_id', '=', (await paymentRow(t, paymentId)).id)
    .orderBy('created_at')
    .execute();

const capture = async (paymentId: string) => {
  const credentials = Buffer.from('100500:test_demo_yookassa_secret_key').toString('base64');
  const answer = await fetch(`${t.sandbox.yookassaUrl}/payments/${paymentId}/capture`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/json',
      'idempotence-key': newKey(),
    },
    body: '{}',
  });
  expect(answer.status).toBe(200);
};

describe('a hold', () => {
  test('is released as a whole, and the same key says so again without another call', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    expect(valueOf(await cancel(input))).toMatchObject({
      outcome: 'VOIDED',
      replayed: false,
      refundId: null,
    });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ voided: true });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED', captured_minor: 0n });
    const requests = await watchRequests(t);
    expect(valueOf(await cancel({ ...input, waitMs: 0 }))).toMatchObject({
      outcome: 'VOIDED',
      replayed: true,
    });
    expect(await requests()).toEqual([]);
    expect(problemOf(await cancel({ ...input, reason: 'FRAUDULENT' }))).toMatchObject({
      type: 'IdempotencyKeyReused',
    });
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'NOTHING_TO_CANCEL' });
  });

  test.each(['lost-after-effect', 'cut-body', 'garbage'])(
    'released by a call whose answer was lost (%s) is found by reading',
    async (kind) => {
      const paymentId = await hold();
      await voidFault(kind);
      expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
      expect(await operations(paymentId)).toMatchObject([{ status: 'SUCCEEDED', sends: 1 }]);
    },
  );

  test('whose release did not arrive is released by the same key with the same bytes', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    const requests = await watchRequests(t);
    await voidFault('lost-before-effect');
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS', replayed: false });
    expect(await operations(paymentId)).toMatchObject([{ status: 'UNKNOWN' }]);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED', replayed: true });
    const calls = await requests('cancelPayment');
    expect(calls).toHaveLength(2);
    expect(new Set(calls.map((call) => `${call.providerKey} ${call.bodyHash}`)).size).toBe(1);
  });

  test('that a first send is refused to release stays a hold', async () => {
    const paymentId = await hold();
    await voidFault('refuse', { code: 'invalid_request' });
    expect(problemOf(await cancel(command(paymentId)))).toMatchObject({ type: 'NotCancelable' });
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('that a repetition is refused to release may still be released by the first send', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    await voidFault('lost-before-effect');
    await cancel(input);
    await voidFault('refuse', { code: 'invalid_request' });
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await operations(paymentId)).toMatchObject([{ status: 'UNKNOWN', sends: 2 }]);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('while it is being released takes no other operation', async () => {
    const paymentId = await hold();
    await voidFault('lost-before-effect');
    await cancel(command(paymentId));
    expect(problemOf(await cancel(command(paymentId)))).toMatchObject({ type: 'OperationInProgress' });
    // Captured meanwhile: the read of the payment ends the void, which can happen no more.
    const refund = refundCommand(paymentId, 1_000n);
    expect(problemOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({
      type: 'PaymentNotRefundable',
    });
    await capture(paymentId);
    expect(valueOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({ replayed: false });
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    await expectSound(t, paymentId);
  });

  test('released twice at once with two keys is released once', async () => {
    const paymentId = await hold();
    const results = await Promise.all([cancel(command(paymentId)), cancel(command(paymentId))]);
    const outcomes = results.map((result) => (result.ok ? result.value.outcome : result.problems[0]!.type));
    expect(outcomes).toContain('VOIDED');
    for (const outcome of outcomes)
      expect(['VOIDED', 'OperationInProgress', 'NOTHING_TO_CANCEL']).toContain(outcome);
    const open = (await operations(paymentId)).filter(({ status }) => status !== 'SUCCEEDED');
    expect(open).toEqual([]);
  });

  test('released twice at once with one key is one operation', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    const results = await Promise.all([cancel(input), cancel(input)]);
    for (const result of results) expect(['VOIDED', 'IN_PROGRESS']).toContain(valueOf(result).outcome);
    expect(await operations(paymentId)).toHaveLength(1);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED', replayed: true });
  });

  test('released twice at once with one key is never nothing to cancel to the slower one', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrive = (): void => {};
    const isThere = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const slow = await t.replica({
      adapter: {
        async readPayment(access, id) {
          arrive();
          await released;
          return yookassa.readPayment(access as never, id);
        },
      },
    });
    const slower = cancelPayment(slow, t.caller(), input);
    await isThere;
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'VOIDED', replayed: false });
    release();
    expect(valueOf(await slower)).toMatchObject({ outcome: 'VOIDED', replayed: true });
    expect(await operations(paymentId)).toHaveLength(1);
  });

  test('one key for two holds at the same moment releases one', async () => {
    const holds = [await hold(), await hold()];
    const idempotencyKey = newKey();
    const results = await Promise.all(holds.map((id) => cancel(command(id, { idempotencyKey }))));
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(problemOf(results.find((result) => !result.ok)!)).toMatchObject({ type: 'IdempotencyKeyReused' });
  });

  test('whose sender died is found after its lease by the same key', async () => {
    const paymentId = await hold();
    const input = command(paymentId, { waitMs: 0 });
    const died = await dyingWorld();
    expect(valueOf(await cancelPayment(died.world, t.caller(), input))).toMatchObject({
      outcome: 'IN_PROGRESS',
    });
    expect(valueOf(await cancel({ ...input, waitMs: 200 }))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ voided: false });
    await t.advance(leaseSeconds + 1);
    expect(valueOf(await cancel({ ...input, waitMs: 10_000 }))).toMatchObject({ outcome: 'VOIDED' });
    died.wakeUp();
    expect(await died.world.background.drain(5_000)).toBe(true);
    expect(await operations(paymentId)).toMatchObject([{ status: 'SUCCEEDED' }]);
  });

  test('that is captured while its release is under way takes no refund until that has ended', async () => {
    const paymentId = await hold();
    const died = await dyingWorld();
    await cancelPayment(died.world, t.caller(), command(paymentId, { waitMs: 0 }));
    await capture(paymentId);
    const refund = refundCommand(paymentId, 1_000n);
    expect(problemOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({
      type: 'OperationInProgress',
      retry: 'WAIT',
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    died.wakeUp();
    await died.world.background.drain(5_000);
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    expect(valueOf(await createRefund(t.world, t.caller(), refund))).toMatchObject({ replayed: false });
    await expectSound(t, paymentId);
  });
});

describe('a release that the provider put off', () => {
  test.each([
    ['rate-limited', 'RATE_LIMITED'],
    ['unauthorized', 'AUTHENTICATION_FAILED'],
  ])('by %s ends at once and blocks nothing: a new key releases the hold', async (kind, code) => {
    const paymentId = await hold();
    const input = command(paymentId);
    await voidFault(kind);
    const problem = { type: 'ProviderProblem', code, retry: 'NEW_REQUEST' };
    expect(problemOf(await cancel(input))).toMatchObject(problem);
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED', sends: 1 }]);
    const requests = await watchRequests(t);
    expect(problemOf(await cancel(input))).toMatchObject(problem);
    expect(await requests('cancelPayment')).toEqual([]);
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('or that never left ends at once and blocks nothing, too', async () => {
    const paymentId = await hold();
    const paused = await t.replica({
      adapter: {
        sendVoid: (access, request, id) => yookassa.sendVoid(access as never, request, id, () => false),
      },
    });
    const requests = await watchRequests(t);
    expect(problemOf(await cancelPayment(paused, t.caller(), command(paymentId)))).toMatchObject({
      type: 'ProviderProblem',
      retry: 'NEW_REQUEST',
    });
    expect(await requests('cancelPayment')).toEqual([]);
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'VOIDED' });
  });

  test('after a send whose answer was lost is still unclear', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    await voidFault('lost-before-effect');
    await cancel(input);
    await voidFault('rate-limited');
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await operations(paymentId)).toMatchObject([{ status: 'UNKNOWN', sends: 2 }]);
  });
});

describe('a release whose answer was lost', () => {
  const keyLifeSeconds = 23 * 3_600;

  test('and that did not happen within the life of its key ends; a new key releases the hold', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    await voidFault('lost-before-effect', { times: 2 });
    await cancel(input);
    await t.advance(keyLifeSeconds - 60);
    const requests = await watchRequests(t);
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(problemOf(await cancel(command(paymentId)))).toMatchObject({ type: 'OperationInProgress' });
    expect(await requests('cancelPayment')).toHaveLength(1);
    await t.advance(61);
    const problem = { type: 'ProviderProblem', code: 'PROVIDER_UNAVAILABLE', retry: 'NEW_REQUEST' };
    expect(problemOf(await cancel(input))).toMatchObject(problem);
    expect(await operations(paymentId)).toMatchObject([{ status: 'FAILED' }]);
    expect(problemOf(await cancel(input))).toMatchObject(problem);
    expect(await requests('cancelPayment')).toHaveLength(1);
    expect(valueOf(await cancel(command(paymentId)))).toMatchObject({ outcome: 'VOIDED', replayed: false });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ voided: true });
  });

  test('is not given up while the provider cannot be asked whether the hold still stands', async () => {
    const paymentId = await hold();
    const input = command(paymentId);
    await voidFault('lost-before-effect');
    await cancel(input);
    await t.advance(keyLifeSeconds + 1);
    await armFault(t, 'error-before-effect', { operation: 'getPayment', times: 100 });
    expect(valueOf(await cancel(input))).toMatchObject({ outcome: 'IN_PROGRESS' });
    expect(await operations(paymentId)).toMatchObject([{ status: 'UNKNOWN' }]);
  });
});
