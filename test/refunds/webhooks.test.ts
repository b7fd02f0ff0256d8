import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimDueDeliveries, endDeliveries } from '../../src/db/webhook-deliveries.ts';
import { makeClockMovable } from '../../src/db/installation.ts';
import { driveWebhooks } from '../../src/refunds/engine/drive-webhooks.ts';
import { lookAtLegs } from '../../src/refunds/looks/look.ts';
import { forgetOldMessages } from '../../src/refunds/webhooks/forget-old.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import { switchWebhooks } from '../support/notifications.ts';
import { expectSound, paymentRow } from '../support/rules.ts';
import {
  forgetMessages,
  messagesOf,
  razorpay,
  send,
  watchCalls,
  webhookUrl,
  workOnMessages,
  yookassa,
} from '../support/webhooks.ts';

const YOOKASSA = 'yookassa-demo';
const RAZORPAY = 'razorpay-demo';

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_in', {}, { movableClock: true });
  await makeClockMovable(t.database.db);
});
afterEach(async () => {
  for (const provider of ['yookassa', 'razorpay']) {
    await switchWebhooks(t, provider, `${provider}-demo`, 'off');
    await t.control('mode', { provider, refunds: 'instant' });
  }
  await t.control('faults', undefined, 'DELETE');
  await forgetMessages(t);
});
afterAll(() => t.close());

let seconds = 0;
const advance = async (by: number): Promise<void> => {
  seconds += by;
  await t.app.moveClock(seconds);
};

const work = () => workOnMessages(t.app.world);
const mode = (provider: string, refunds: string) => t.control('mode', { provider, refunds });
const settle = (provider: string, status: string) => t.control('settle', { provider, all: true, status });
const fault = (kind: string, more = {}) =>
  t.control('faults', { provider: 'yookassa', operation: 'createRefund', kind, ...more });

const refund = async (payment: string, value = '10.00', more = {}): Promise<string> => {
  const { data } = await t.graphql<{ createRefund: { refund: { id: string; status: string } } }>(
    createRefundMutation,
    { input: refundInput(payment, value, more) },
  );
  return data.createRefund.refund.status;
};

const razorpayRefund = (payment: string) =>
  refund(payment, '10.00', {
    payment: { provider: { account: RAZORPAY, paymentId: payment } },
    amount: { money: { value: '10.00', currency: 'MYR' } },
  });

const razorpayPayment = () =>
  t.payment('100.00', { provider: 'razorpay', amount: { value: '100.00', currency: 'MYR' } });

const ledgerIds = async (payment: string, provider = 'yookassa') => {
  const path = `ledger?provider=${provider}&reference=${payment}`;
  const { payments } = await t.control<{ payments: { refunds: { id: string }[] }[] }>(path);
  return payments[0]!.refunds.map(({ id }) => id);
};

const legsOf = async (payment: string) =>
  t.database.db
    .selectFrom('refund_legs')
    .innerJoin('payments', 'payments.id', 'refund_legs.payment_id')
    .innerJoin('refunds', 'refunds.id', 'refund_legs.refund_id')
    .select(['refund_legs.id', 'refund_legs.status', 'refunds.origin'])
    .where('payments.provider_payment_id', '=', payment)
    .orderBy('refund_legs.created_at')
    .execute();

const statuses = async (payment: string) => (await legsOf(payment)).map(({ status }) => status);

/** From, to of every move of the legs of a payment. */
const movesOf = async (payment: string) => {
  const { id } = await paymentRow(t, payment);
  const events = await t.database.db
    .selectFrom('events')
    .select(['from_status', 'to_status'])
    .where('payment_id', '=', id)
    .where('leg_id', 'is not', null)
    .orderBy('id')
    .execute();
  return events
    .filter(({ from_status, to_status }) => from_status !== to_status)
    .map(({ from_status, to_status }) => `${from_status} ${to_status}`);
};

/** Waits until the provider has told so often of this. */
const heard = (event: string, count = 1) =>
  expect
    .poll(async () => (await messagesOf(t)).filter((row) => row.event === event).length, { timeout: 10_000 })
    .toBe(count);

const see = (paymentId: string) =>
  t.graphql(
    `query ($id: String!) { payment(by: { provider: { account: "yookassa-demo", paymentId: $id } },
      maxAgeSeconds: 0, waitMs: 10000) { status } }`,
    { id: paymentId },
  );

/** The provider answers no question any more. */
async function silence(): Promise<void> {
  for (const operation of ['getRefund', 'getPayment', 'listRefunds'])
    await fault('error-before-effect', { operation, times: 1_000 });
}

const statusesOfMessages = async () => (await messagesOf(t)).map(({ status }) => status);

const told = (payment: string, id: string) =>
  yookassa({ event: 'refund.succeeded', refundId: id, paymentId: payment });

/** A refund that its provider has ended and that nobody has looked at since. */
async function endedThere(): Promise<{ readonly payment: string; readonly id: string }> {
  await mode('yookassa', 'pending');
  const payment = await t.payment('100.00');
  expect(await refund(payment)).toBe('PENDING');
  await settle('yookassa', 'succeeded');
  const [id] = await ledgerIds(payment);
  return { payment, id: id! };
}

describe('a webhook', () => {
  it('a hundred times at once is one message, one look and one move', async () => {
    const { payment, id } = await endedThere();
    const calls = await watchCalls(t, 'yookassa');
    const url = webhookUrl(t, YOOKASSA);
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(url, told(payment, id))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await messagesOf(t)).toMatchObject([{ times: 100, status: 'PENDING' }]);
    // Two processes that drive at once.
    await Promise.all([work(), work()]);
    expect(await messagesOf(t)).toMatchObject([{ times: 100, status: 'DONE' }]);
    expect(await calls()).toHaveLength(1);
    expect(await movesOf(payment)).toEqual(['SENDING PENDING', 'PENDING SUCCEEDED']);
    await expectSound(t, payment);
  });

  it('that is repeated after the look is not looked at again, unless anybody may have sent it', async () => {
    await mode('razorpay', 'pending');
    const payment = await razorpayPayment();
    await razorpayRefund(payment);
    const [id] = await ledgerIds(payment, 'razorpay');
    const signed = razorpay({ event: 'refund.processed', refundId: id!, paymentId: payment, eventId: 'one' });
    const calls = await watchCalls(t, 'razorpay');
    for (const _ of [1, 2]) {
      await send(webhookUrl(t, RAZORPAY), signed);
      await work();
    }
    expect(await messagesOf(t)).toMatchObject([{ times: 2, status: 'DONE' }]);
    expect(await calls()).toHaveLength(1);

    // A forgery came first, when there was nothing to see yet.
    await mode('yookassa', 'pending');
    const other = await t.payment('100.00');
    await refund(other);
    const [otherId] = await ledgerIds(other);
    await send(webhookUrl(t, YOOKASSA), told(other, otherId!));
    await work();
    expect(await statuses(other)).toEqual(['PENDING']);
    await settle('yookassa', 'succeeded');
    await send(webhookUrl(t, YOOKASSA), told(other, otherId!));
    await work();
    expect(await statuses(other)).toEqual(['SUCCEEDED']);
    await settle('razorpay', 'succeeded');
  });

  it('that comes again while it is worked on stays due', async () => {
    const { payment, id } = await endedThere();
    await send(webhookUrl(t, YOOKASSA), told(payment, id));
    const { db } = t.database;
    const { accountId } = t.app.world.connections.all().find((each) => each.accountCode === YOOKASSA)!;
    const [delivery] = await claimDueDeliveries(db, accountId, 10, 60_000);
    expect(await claimDueDeliveries(db, accountId, 10, 60_000)).toEqual([]);
    await send(webhookUrl(t, YOOKASSA), told(payment, id));
    await endDeliveries(db, [{ delivery: delivery!, end: { status: 'DONE' } }], 1_000);
    expect(await messagesOf(t)).toMatchObject([{ times: 2, status: 'PENDING', done_at: null }]);
    await work();
    expect(await statuses(payment)).toEqual(['SUCCEEDED']);
    expect(await messagesOf(t)).toMatchObject([{ times: 2, status: 'DONE' }]);
  });

  it('before the answer to our own send waits for it, and is one refund', async () => {
    await switchWebhooks(t, 'yookassa', YOOKASSA, 'on');
    const payment = await t.payment('100.00');
    await see(payment);
    await fault('slow', { ms: 2_000 });
    const answer = refund(payment, '10.00', { waitMs: 10_000 });
    await heard('refund.succeeded');
    expect(await statuses(payment)).toEqual(['SENDING']);
    await work();
    expect(await statuses(payment)).toEqual(['SENDING']);
    expect(await statusesOfMessages()).toContain('PENDING');
    expect(await answer).toBe('SUCCEEDED');
    await advance(5);
    await work();
    expect(await statusesOfMessages()).not.toContain('PENDING');
    expect((await legsOf(payment)).map(({ status, origin }) => [status, origin])).toEqual([
      ['SUCCEEDED', 'API'],
    ]);
    expect(await movesOf(payment)).toEqual(['SENDING SUCCEEDED']);
    await expectSound(t, payment);
  });

  it('of a refund whose answer was lost finds it by our reference', async () => {
    await switchWebhooks(t, 'yookassa', YOOKASSA, 'on');
    const payment = await t.payment('100.00');
    await fault('lost-after-effect');
    expect(await refund(payment)).toBe('UNKNOWN');
    await heard('refund.succeeded');
    await advance(5);
    await work();
    expect(await statuses(payment)).toEqual(['SUCCEEDED']);
    await expectSound(t, payment);
  });

  it('of a console refund has it imported at once', async () => {
    await switchWebhooks(t, 'yookassa', YOOKASSA, 'on');
    const payment = await t.payment('100.00');
    await refund(payment);
    await heard('refund.succeeded');
    await work();
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: payment,
      amount: { value: '20.00', currency: 'RUB' },
    });
    await heard('refund.succeeded', 2);
    await work();
    expect((await legsOf(payment)).map(({ status, origin }) => [status, origin])).toEqual([
      ['SUCCEEDED', 'API'],
      ['SUCCEEDED', 'EXTERNAL'],
    ]);
    await expectSound(t, payment);
  });

  it('of a payment that is known has it read; of one that is not nobody is asked', async () => {
    const hold = await t.payment('100.00', { status: 'authorized' });
    const calls = await watchCalls(t, 'yookassa');
    const notice = yookassa({ event: 'payment.succeeded', paymentId: hold });
    await send(webhookUrl(t, YOOKASSA), notice);
    await work();
    expect(await statusesOfMessages()).toEqual(['IGNORED']);
    expect(await calls()).toEqual([]);
    await see(hold);
    expect(await paymentRow(t, hold)).toMatchObject({ state: 'AUTHORIZED' });
    await fetch(`${t.sandbox.yookassaUrl}/payments/${hold}/capture`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa('100500:test_demo_yookassa_secret_key')}`,
        'idempotence-key': 'capture',
        'content-type': 'application/json',
      },
      body: '{}',
    });
    await send(webhookUrl(t, YOOKASSA), notice);
    await work();
    expect(await paymentRow(t, hold)).toMatchObject({ state: 'CAPTURED' });
    expect(await statusesOfMessages()).toEqual(['DONE']);
  });

  it('that is older than a look that was made since needs none', async () => {
    const { payment, id } = await endedThere();
    await send(webhookUrl(t, YOOKASSA), told(payment, id));
    const [leg] = await legsOf(payment);
    const { merchantId } = t.app.world.connections.all()[0]!;
    await lookAtLegs(t.app.world, merchantId, [leg!.id]);
    const calls = await watchCalls(t, 'yookassa');
    await work();
    expect(await calls()).toEqual([]);
    expect(await statusesOfMessages()).toEqual(['DONE']);
  });
});

describe('repetitions that anybody may have sent', () => {
  it('have a refund looked at no more often than its account allows', async () => {
    await mode('yookassa', 'pending');
    const payment = await t.payment('100.00');
    await refund(payment);
    const [id] = await ledgerIds(payment);
    const connection = t.app.world.connections.all().find((each) => each.accountCode === YOOKASSA)!;
    const slowly = { ...connection, minLookIntervalMs: 60_000 };
    const drive = () => driveWebhooks(t.app.world, slowly, { batchSize: 100, isStopping: () => false });
    const calls = await watchCalls(t, 'yookassa');
    for (const _ of [1, 2, 3]) {
      await send(webhookUrl(t, YOOKASSA), told(payment, id!));
      await drive();
    }
    expect(await calls()).toHaveLength(1);
    expect(await statusesOfMessages()).toEqual(['PENDING']);
    await advance(61);
    await drive();
    expect(await calls()).toHaveLength(2);
    expect(await statusesOfMessages()).toEqual(['DONE']);
  });
});

describe('repetitions that come before the first look', () => {
  it('do not put it off, also where anybody may have sent them', async () => {
    await mode('yookassa', 'pending');
    const payment = await t.payment('100.00');
    await refund(payment);
    const [id] = await ledgerIds(payment);
    const connection = t.app.world.connections.all().find((each) => each.accountCode === YOOKASSA)!;
    const slowly = { ...connection, minLookIntervalMs: 60_000 };
    const calls = await watchCalls(t, 'yookassa');
    await send(webhookUrl(t, YOOKASSA), told(payment, id!));
    await send(webhookUrl(t, YOOKASSA), told(payment, id!));
    await driveWebhooks(t.app.world, slowly, { batchSize: 100, isStopping: () => false });
    expect(await calls()).toHaveLength(1);
    expect(await statusesOfMessages()).toEqual(['DONE']);
  });
});

describe('webhooks that are refused', () => {
  const deliver = (secret: string) =>
    send(
      webhookUrl(t, RAZORPAY),
      razorpay({
        event: 'refund.processed',
        refundId: 'rfnd_SimRefund00001',
        paymentId: 'pay_SimPayment0001',
        secret,
      }),
    );
  const alerts = () => t.logged().split('"alert":"WEBHOOKS_REFUSED"').length - 1;

  it('call the operator once when none was verified for an hour', async () => {
    expect((await deliver('another')).status).toBe(401);
    await advance(3_500);
    expect((await deliver('whsec-curlec-test-1')).status).toBe(200);
    await advance(200);
    await deliver('another');
    expect(alerts()).toBe(0);
    await advance(3_700);
    await deliver('another');
    await deliver('another');
    expect(alerts()).toBe(1);
  });
});

describe('a void whose answer was lost', () => {
  it('and that had no effect is due at once when the provider tells of its payment', async () => {
    const hold = await t.payment('100.00', { status: 'authorized' });
    await see(hold);
    await fault('lost-before-effect', { operation: 'cancelPayment' });
    const input = {
      idempotencyKey: 'void-without-effect',
      payment: { provider: { account: YOOKASSA, paymentId: hold } },
      reason: 'OTHER',
      waitMs: 10_000,
    };
    await t.graphql('mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { outcome } }', {
      input,
    });
    const isDue = async () => {
      const { rows } = await sql<{ isDue: boolean }>`
        SELECT next_look_at <= app_now() AS "isDue" FROM payment_operations
        WHERE status = 'UNKNOWN'`.execute(t.database.db);
      return rows.map((row) => row.isDue);
    };
    expect(await isDue()).toEqual([false]);
    await send(webhookUrl(t, YOOKASSA), yookassa({ event: 'payment.waiting_for_capture', paymentId: hold }));
    await work();
    expect(await isDue()).toEqual([true]);
  });

  it('is found out about when the provider tells of its payment', async () => {
    await switchWebhooks(t, 'yookassa', YOOKASSA, 'on');
    const hold = await t.payment('100.00', { status: 'authorized' });
    await see(hold);
    await fault('lost-after-effect', { operation: 'cancelPayment' });
    // The look before it is answered, the one after it is not.
    await fault('slow', { operation: 'getPayment', ms: 1 });
    await fault('error-before-effect', { operation: 'getPayment', times: 1_000 });
    const input = {
      idempotencyKey: 'void-by-webhook',
      payment: { provider: { account: YOOKASSA, paymentId: hold } },
      reason: 'OTHER',
      waitMs: 10_000,
    };
    const cancel = () =>
      t.graphql<{ cancelPayment: { outcome: string } }>(
        'mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { outcome } }',
        { input },
      );
    expect((await cancel()).data.cancelPayment.outcome).toBe('IN_PROGRESS');
    await heard('payment.canceled');
    await t.control('faults', undefined, 'DELETE');
    await advance(5);
    await work();
    const { id } = await paymentRow(t, hold);
    const operations = t.database.db.selectFrom('payment_operations').select('status');
    expect(await operations.where('payment_id', '=', id).execute()).toEqual([{ status: 'SUCCEEDED' }]);
    expect((await cancel()).data.cancelPayment.outcome).toBe('VOIDED');
  });
});

describe('messages that were worked on', () => {
  it('are forgotten after thirty days, and those about nothing beyond the newest', async () => {
    const { db } = t.database;
    const { accountId, merchantId } = t.app.world.connections.all()[0]!;
    const insert = (key: string, status: 'DONE' | 'IGNORED' | 'PENDING') =>
      db
        .insertInto('webhook_deliveries')
        .values({
          id: crypto.randomUUID() as never,
          merchant_id: merchantId,
          account_id: accountId,
          deduplication_key: key,
          event: 'e',
          status,
          next_look_at: status === 'PENDING' ? new Date(0) : null,
        })
        .execute();
    await insert('old-done', 'DONE');
    await insert('old-pending', 'PENDING');
    await advance(31 * 86_400);
    await insert('young-done', 'DONE');
    for (let count = 0; count < 5; count += 1) {
      await advance(1);
      await insert(`ignored-${count}`, 'IGNORED');
    }
    await forgetOldMessages(t.app.world, { ignoredAtMost: 2, rowsAtOnce: 1 });
    expect((await messagesOf(t)).map((row) => row.deduplication_key).toSorted()).toEqual([
      'ignored-3',
      'ignored-4',
      'old-pending',
      'young-done',
    ]);
  });
});

// The last one: a provider that fails so often is not asked for a while.
describe('a webhook', () => {
  it('whose subject cannot be looked at is due again, later each time, and is over after a day', async () => {
    const { payment, id } = await endedThere();
    await silence();
    await send(webhookUrl(t, YOOKASSA), told(payment, id));
    await work();
    expect(await messagesOf(t)).toMatchObject([{ status: 'PENDING', look_failures: 1 }]);
    await work();
    expect(await messagesOf(t)).toMatchObject([{ status: 'PENDING', look_failures: 1 }]);
    await advance(60);
    await work();
    expect(await messagesOf(t)).toMatchObject([{ status: 'PENDING', look_failures: 2 }]);
    expect(await statuses(payment)).toEqual(['PENDING']);
    await advance(25 * 3_600);
    await work();
    expect(await messagesOf(t)).toMatchObject([{ status: 'DONE', next_look_at: null }]);
    expect(t.logged()).toContain('could not be looked at for a day');
  });
});
