import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { makeClockMovable } from '../../src/db/installation.ts';
import { claimDueDeliveries, endDeliveries, storeDeliveries } from '../../src/db/webhook-deliveries.ts';
import type { Connection } from '../../src/providers/connections.ts';
import { driveWebhooks } from '../../src/refunds/engine/drive-webhooks.ts';
import { forgetOldMessages } from '../../src/refunds/webhooks/forget-old.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import {
  createRefundMutation,
  createTestService,
  refundInput,
  type TestService,
} from '../support/service.ts';
import {
  forgetMessages,
  messagesOf,
  razorpay,
  send,
  watchCalls,
  webhookUrl,
  yookassa,
} from '../support/webhooks.ts';

const YOOKASSA = 'yookassa-demo';
const RAZORPAY = 'razorpay-demo';

let t: TestService;
beforeAll(async () => {
  t = await createTestService('webhooks_unsigned', {}, { movableClock: true });
  await makeClockMovable(t.database.db);
});
afterEach(async () => {
  await t.control('faults', undefined, 'DELETE');
  await forgetMessages(t);
});
afterAll(() => t.close());

let seconds = 0;
const advance = async (by: number): Promise<void> => {
  seconds += by;
  await t.app.moveClock(seconds);
};

const connectionOf = (more: Partial<Connection> = {}): Connection => ({
  ...t.app.world.connections.all().find((each) => each.accountCode === YOOKASSA)!,
  ...more,
});

const work = (more: Partial<Connection> = {}) =>
  driveWebhooks(t.app.world, connectionOf(more), { batchSize: 100, isStopping: () => false });

/** Until a statement about messages waits for a lock. */
const untilOneWaits = () =>
  expect
    .poll(async () => {
      const { rows } = await sql`SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%webhook_deliveries%'`.execute(
        t.app.world.db,
      );
      return rows.length;
    })
    .toBe(1);

/** A payment that this service has seen. */
async function knownPayment(): Promise<string> {
  const id = await t.payment('100.00');
  await t.graphql(
    `query ($id: String!) { payment(by: { provider: { account: "${YOOKASSA}", paymentId: $id } },
      maxAgeSeconds: 0, waitMs: 10000) { status } }`,
    { id },
  );
  return id;
}

let forgeries = 0;
const forge = (paymentId: string) => {
  forgeries += 1;
  const refundId = `forged-${String(forgeries).padStart(8, '0')}`;
  return send(webhookUrl(t, YOOKASSA), yookassa({ event: 'refund.succeeded', refundId, paymentId }));
};

const payments = (calls: readonly (string | null)[]) => calls.filter((each) => each === 'getPayment').length;

describe('messages that nobody has signed', () => {
  it('about one payment have it read once in its shortest interval, whatever refunds they invent', async () => {
    const payment = await knownPayment();
    await advance(3_601);
    const calls = await watchCalls(t, 'yookassa');
    for (let round = 0; round < 5; round += 1) {
      for (let count = 0; count < 3; count += 1) await forge(payment);
      await work({ minLookIntervalMs: 3_600_000 });
    }
    expect(payments(await calls())).toBe(1);
    await advance(3_601);
    await work({ minLookIntervalMs: 3_600_000 });
    expect(payments(await calls())).toBe(2);
  });

  it('about refunds that were never made are about nothing at once, and only the newest are kept', async () => {
    const payment = await knownPayment();
    for (let count = 0; count < 5; count += 1) await forge(payment);
    await work();
    expect(new Set((await messagesOf(t)).map(({ status }) => status))).toEqual(new Set(['IGNORED']));
    await forgetOldMessages(t.app.world, { ignoredAtMost: 2, rowsAtOnce: 1 });
    expect(await messagesOf(t)).toHaveLength(2);
  });
});

it('a true message is not taken for a forgery of it that came first and named another payment', async () => {
  const payment = await knownPayment();
  await t.control('faults', {
    provider: 'yookassa',
    operation: 'createRefund',
    kind: 'lost-after-effect',
  });
  await t.graphql(createRefundMutation, { input: refundInput(payment, '10.00') });
  const [made] = (await t.ledgerOf(payment)).refunds;
  const { id } = made!;
  const tell = (paymentId: string) =>
    send(webhookUrl(t, YOOKASSA), yookassa({ event: 'refund.succeeded', refundId: id, paymentId }));
  const unknown = await t.payment('100.00');
  await tell(unknown);
  await work();
  expect(await messagesOf(t)).toMatchObject([{ status: 'IGNORED', provider_payment_id: unknown }]);
  await tell(payment);
  await advance(60);
  await work();
  expect(await messagesOf(t)).toMatchObject([{ status: 'DONE', provider_payment_id: payment }]);
  const legs = t.database.db.selectFrom('refund_legs').select('status').where('provider_refund_id', '=', id);
  expect(await legs.execute()).toEqual([{ status: 'SUCCEEDED' }]);
});

it('a signed message of a refund that the list does not show yet is looked at again, until it is shown or never was', async () => {
  const payment = await t.payment('100.00', {
    provider: 'razorpay',
    amount: { value: '100.00', currency: 'MYR' },
  });
  const connection = t.app.world.connections.all().find((each) => each.accountCode === RAZORPAY)!;
  const { adapter } = connection;
  let lags = true;
  const lagging: Connection = {
    ...connection,
    adapter: {
      ...adapter,
      async readPayment(access, id) {
        const look = await adapter.readPayment(access, id);
        if (look.kind !== 'found' || !lags) return look;
        return { kind: 'found', value: { ...look.value, refunds: [] } };
      },
    },
  };
  await seePayment(t.app.world, lagging, payment);
  await t.control('console-refund', {
    provider: 'razorpay',
    reference: payment,
    amount: { value: '20.00', currency: 'MYR' },
  });
  const {
    payments: [shown],
  } = await t.control<{ payments: [{ refunds: [{ id: string }] }] }>(
    `ledger?provider=razorpay&reference=${payment}`,
  );
  const tell = (refundId: string) =>
    send(
      webhookUrl(t, RAZORPAY),
      razorpay({ event: 'refund.created', refundId, paymentId: payment, eventId: refundId }),
    );
  const round = () => driveWebhooks(t.app.world, lagging, { batchSize: 100, isStopping: () => false });

  const { id } = shown.refunds[0];
  await tell(id);
  await round();
  expect(await messagesOf(t)).toMatchObject([{ status: 'PENDING', look_failures: 1 }]);
  lags = false;
  await advance(10);
  await round();
  expect(await messagesOf(t)).toMatchObject([{ status: 'DONE' }]);
  const legs = t.database.db.selectFrom('refund_legs').select('status').where('provider_refund_id', '=', id);
  expect(await legs.execute()).toEqual([{ status: 'SUCCEEDED' }]);

  await forgetMessages(t);
  await tell('rfnd_NeverWasThere1');
  for (let looks = 1; looks <= 4; looks += 1) {
    await round();
    const [message] = await messagesOf(t);
    expect(message!.status).toBe(looks < 4 ? 'PENDING' : 'IGNORED');
    await advance(60);
  }
});

it('a message that comes again at the moment in which its work ends stays due', async () => {
  const { db } = t.database;
  const payment = await knownPayment();
  await forge(payment);
  const { accountId, merchantId } = connectionOf();
  const [stored] = await messagesOf(t);
  const [delivery] = await claimDueDeliveries(db, accountId, 10, 60_000);
  let ending: Promise<unknown> | undefined;
  await inTransaction(db, async (tx) => {
    const again = {
      merchantId,
      accountId,
      deduplicationKey: stored!.deduplication_key,
      event: stored!.event,
      providerRefundId: null,
      providerPaymentId: payment,
      ourReference: null,
      evidence: null,
      isUnsigned: true,
      times: 1,
    };
    await storeDeliveries(tx, [again], 100);
    ending = endDeliveries(t.app.world.db, [{ delivery: delivery!, end: { status: 'DONE' } }], 1_000);
    await untilOneWaits();
  });
  await ending;
  expect(await messagesOf(t)).toMatchObject([{ times: 2, status: 'PENDING' }]);
});

it('work that ends takes messages in the order in which they are stored, so that neither waits for ever', async () => {
  const { db } = t.database;
  const payment = await knownPayment();
  await forge(payment);
  await forge(payment);
  const claimed = await claimDueDeliveries(db, connectionOf().accountId, 10, 60_000);
  const [first, second] = claimed.toSorted((a, b) => (a.providerRefundId! < b.providerRefundId! ? -1 : 1));
  let ending: Promise<unknown> | undefined;
  await inTransaction(db, async (tx) => {
    const lock = (id: string) =>
      sql`SELECT FROM webhook_deliveries WHERE id = ${id} FOR UPDATE NOWAIT`.execute(tx);
    await lock(first!.id);
    const ended = [second!, first!].map((delivery) => ({ delivery, end: { status: 'DONE' } as const }));
    ending = endDeliveries(t.app.world.db, ended, 1_000);
    await untilOneWaits();
    await lock(second!.id);
  });
  await ending;
  expect((await messagesOf(t)).map(({ status }) => status)).toEqual(['DONE', 'DONE']);
});
