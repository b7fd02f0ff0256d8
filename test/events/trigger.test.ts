import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/in-transaction.ts';
import { insertRefundEvent } from '../../src/db/events.ts';
import { renderBody, type RefundSnapshot } from '../../src/events/payload.ts';
import type { RefundId } from '../../src/ids.ts';
import { cancelRefund } from '../../src/refunds/cancel-refund.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { isFinalRefund } from '../../src/refunds/derive.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { refundEventTypes } from '../../src/vocabulary.ts';
import { queueRefund, silentWorld } from '../support/engine.ts';
import { armFault, consoleRefund, refundCommand, refundRow, valueOf } from '../support/rules.ts';
import { resolve, returned } from '../support/verdicts.ts';
import { endpointOf, openStage, type Stage } from './stage.ts';

let s: Stage;
beforeAll(async () => {
  s = await openStage('events_trigger');
});
afterAll(() => s.close());
afterEach(() => s.clear());

const listen = () => s.listen({ demo: [endpointOf(s.receiver.url)] });

interface Told {
  readonly subject: RefundId;
  readonly version: number;
  readonly type: string;
  readonly data: RefundSnapshot;
}

const messages = async (): Promise<readonly Told[]> =>
  (
    await sql<Told>`SELECT subject, version, type, data FROM event_messages ORDER BY seq`.execute(
      s.t.database.db,
    )
  ).rows;

const refunds = () => s.t.database.db.selectFrom('refunds').selectAll().execute();

/** One message for every version of every refund, in order, and the last one says what the row says. */
async function expectAllTold(ids: readonly RefundId[]): Promise<readonly Told[]> {
  const all = await messages();
  for (const row of (await refunds()).filter(({ id }) => ids.includes(id))) {
    const told = all.filter(({ subject }) => subject === row.id);
    expect(told.map(({ version }) => version)).toEqual(
      Array.from({ length: row.version }, (_, index) => index + 1),
    );
    expect(told.at(-1)!.data).toMatchObject({
      status: row.status,
      amountMinor: String(row.amount_minor),
      returnedMinor: String(row.returned_minor),
      reference: row.reference,
      metadata: row.metadata,
      origin: row.origin,
      needsAttention: row.attention !== null,
    });
    const statuses = told.map(({ data }) => data.status);
    expect(told.map(({ data }) => data.previousStatus)).toEqual([null, ...statuses.slice(0, -1)]);
    expect(told.map(({ type }) => type)).toEqual(
      statuses.map((status, index) => {
        if (index === 0) return isFinalRefund(status) ? 'refund.finalized' : 'refund.created';
        return isFinalRefund(status) && status !== statuses[index - 1]
          ? 'refund.finalized'
          : 'refund.updated';
      }),
    );
  }
  return all;
}

describe('every version of a refund is told once', () => {
  test('of one that succeeds, is lost and found, is refused and retried, is canceled, is decided by a person', async () => {
    await listen();
    const { t } = s;
    const ids: RefundId[] = [await s.refund()];
    const make = async (fault?: string, more = {}) => {
      if (fault !== undefined) await armFault(t, fault, more);
      const command = refundCommand(await t.payment('100.00'), 10_000n, { metadata: { order: '7' } });
      const { refundId } = valueOf(await createRefund(t.world, t.caller(), command));
      ids.push(refundId);
      return refundId;
    };
    await make('lost-after-effect');
    await make('lost-before-effect');
    const refused = await make('refuse', { code: 'insufficient_funds' });
    valueOf(
      await retryRefund(t.world, t.caller(), { refundId: refused, expectedRetries: 0, waitMs: 10_000 }),
    );
    const wrong = await make('wrong-amount');
    const { status, legs } = await refundRow(t, wrong);
    expect(status).toBe('MANUAL_REVIEW');
    const providerRefundId = legs[0]!.provider_refund_id;
    valueOf(await resolve(t, wrong, returned(10_100n, { providerRefundId })));
    await make('unknown-status');
    const waiting = await queueRefund(t, await silentWorld(t), await t.payment('400.00'));
    ids.push(waiting);
    await cancelRefund(t.world, t.caller(), { refundId: waiting });
    const pending = await s.pendingRefund();
    ids.push(pending);
    await s.settle(pending);
    for (let round = 0; round < 5; round += 1) {
      await t.advance(60);
      await driveDue(t.world);
    }
    const all = await expectAllTold(ids);
    expect(new Set(all.map(({ subject }) => subject))).toEqual(new Set(ids));
    expect(new Set(all.map(({ type }) => type))).toEqual(new Set(refundEventTypes));
    expect(
      all.find(({ subject, type }) => subject === refused && type === 'refund.finalized')!.data,
    ).toMatchObject({
      status: 'FAILED',
    });
  });

  test('of one that was made elsewhere, which is born final', async () => {
    await listen();
    const { t } = s;
    const payment = await t.payment('100.00');
    await consoleRefund(t, payment, '30.00');
    const connection = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    await seePayment(t.world, connection, payment);
    const [row] = (await refunds()).filter(({ origin }) => origin === 'EXTERNAL');
    const [told] = await expectAllTold([row!.id]);
    expect(told).toMatchObject({
      type: 'refund.finalized',
      data: { status: 'SUCCEEDED', previousStatus: null, origin: 'EXTERNAL' },
    });
  });

  test('of every status, as final exactly where polling may stop', async () => {
    await listen();
    const refundId = await s.refund();
    const statuses = [
      'AWAITING_APPROVAL',
      'QUEUED',
      'PENDING',
      'UNKNOWN',
      'MANUAL_REVIEW',
      'SUCCEEDED',
      'PARTIALLY_SUCCEEDED',
      'FAILED',
      'CANCELED',
      'REVERSED',
    ] as const;
    for (const status of statuses)
      await sql`UPDATE refunds SET status = ${status}, version = version + 1 WHERE id = ${refundId}`.execute(
        s.t.database.db,
      );
    const told = (await messages()).slice(-statuses.length);
    expect(told.map(({ data }) => data.status)).toEqual(statuses);
    expect(told.map(({ type }) => type)).toEqual(
      statuses.map((status) => (isFinalRefund(status) ? 'refund.finalized' : 'refund.updated')),
    );
  });

  test('by processes that change it at once', async () => {
    await listen();
    const refundId = await s.refund();
    const { db } = s.t.database;
    const row = (await refunds()).find(({ id }) => id === refundId)!;
    const event = {
      merchantId: row.merchant_id,
      paymentId: row.payment_id,
      refundId,
      kind: 'refund.noted',
      source: 'SERVICE',
      cause: { actor: 'test', keyId: null, requestId: null },
    } as const;
    await Promise.all(
      Array.from({ length: 20 }, () => inTransaction(db, (tx) => insertRefundEvent(tx, event as never))),
    );
    await expectAllTold([refundId]);
  });
});

describe('in the transaction of the change', () => {
  test('a change that is rolled back leaves no message', async () => {
    await listen();
    const refundId = await s.refund();
    const before = await messages();
    const undone = inTransaction(s.t.database.db, async (tx) => {
      await sql`UPDATE refunds SET version = version + 1 WHERE id = ${refundId}`.execute(tx);
      const { rows } = await sql<{
        count: number;
      }>`SELECT count(*)::int AS count FROM event_messages`.execute(tx);
      expect(rows).toEqual([{ count: before.length + 1 }]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await messages()).toEqual(before);
  });

  test('what leaves the version as it is, is not told', async () => {
    await listen();
    const refundId = await s.refund();
    const before = await messages();
    await sql`UPDATE refunds SET note = 'other' WHERE id = ${refundId}`.execute(s.t.database.db);
    expect(await messages()).toEqual(before);
  });
});

describe('who listens', () => {
  test('without an endpoint nothing is written, and neither for an endpoint of another merchant or of the operator', async () => {
    await s.refund();
    await s.listen({
      other: [endpointOf(s.receiver.url)],
      operator: [endpointOf(s.receiver.url, { code: 'alerts' })],
    });
    await s.refund();
    expect(await messages()).toEqual([]);
    expect(await s.deliveries()).toEqual([]);
  });

  test('an endpoint that wants some types gets those; a message that nobody wants is not written', async () => {
    await s.listen({
      demo: [
        endpointOf(s.receiver.url, { code: 'books', events: ['refund.finalized'] }),
        endpointOf(s.receiver.url, { code: 'desk', events: ['refund.created', 'refund.finalized'] }),
      ],
    });
    const refundId = await s.refund();
    await s.change(refundId, 2);
    const told = (await s.deliveries()).map(({ code, type }) => `${code} ${type}`);
    expect(told).toEqual(['books refund.finalized', 'desk refund.created', 'desk refund.finalized']);
    expect(await messages()).toHaveLength(2);
  });

  test('an endpoint that is disabled or not configured gets nothing', async () => {
    await listen();
    await sql`UPDATE event_endpoints SET disabled_at = app_now(), disabled_because = 'GONE'`.execute(
      s.t.database.db,
    );
    await s.refund();
    await s.listen({});
    await s.refund();
    expect(await messages()).toEqual([]);
  });
});

describe('the body', () => {
  test('says what the change made of the refund, not what came later, and no note', async () => {
    await listen();
    const { t } = s;
    const payment = await t.payment('100.00');
    const made = await createRefund(
      t.world,
      t.caller(),
      refundCommand(payment, 4_000n, { note: 'secret note', reference: 'R-1', metadata: { order: '7' } }),
    );
    const { refundId } = valueOf(made);
    const [created, ...later] = (await messages()).map((message) =>
      JSON.parse(renderBody({ type: message.type, at: new Date(0), data: message.data })),
    );
    expect(created).toEqual({
      type: 'refund.created',
      timestamp: '1970-01-01T00:00:00.000Z',
      data: {
        refund: {
          id: Buffer.from(`Refund:${refundId}`).toString('base64'),
          version: 1,
          status: 'PENDING',
          previousStatus: null,
          isFinal: false,
          moneyMovement: 'IN_FLIGHT',
          amount: { value: '40.00', currency: 'RUB', minorUnits: '4000' },
          returned: { value: '0.00', currency: 'RUB', minorUnits: '0' },
          reference: 'R-1',
          metadata: { order: '7' },
          origin: 'API',
          needsAttention: false,
          payment: {
            id: expect.any(String),
            accountCode: 'yookassa-demo',
            providerPaymentId: payment,
          },
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          updatedAt: created.data.refund.createdAt,
          finalizedAt: null,
        },
      },
    });
    expect(Buffer.from(created.data.refund.payment.id, 'base64').toString()).toMatch(/^Payment:/);
    expect(later.at(-1)).toMatchObject({
      type: 'refund.finalized',
      data: {
        refund: {
          status: 'SUCCEEDED',
          isFinal: true,
          moneyMovement: 'RETURNED',
          returned: { value: '40.00', minorUnits: '4000' },
          finalizedAt: expect.any(String),
        },
      },
    });
    expect(JSON.stringify(await messages())).not.toContain('secret note');
  });
});
