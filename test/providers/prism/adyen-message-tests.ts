import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RefundId } from '../../../src/ids.ts';
import type { LoadedLibrary } from '../../../src/providers/prism/library.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import { claimDueDeliveries, endDeliveries } from '../../../src/db/webhook-deliveries.ts';
import { retryRefund } from '../../../src/refunds/retry-refund.ts';
import type { AdyenItem } from '../../../src/testing/adyen-delivery.ts';
import { ADYEN, createToldService, type ToldService } from '../../support/adyen.ts';
import { adyenKeys } from '../../support/prism.ts';
import { paymentRow, valueOf } from '../../support/rules.ts';
import { notifiedOf, switchWebhooks } from '../../support/notifications.ts';
import { forgetMessages, messagesOf, untilWorkedOn } from '../../support/webhooks.ts';

const day = 86_400;

/** Refunds at Adyen, which cannot be asked, from the wish to the end that it tells. */
export function adyenMessageTests(name: string, load: () => Promise<LoadedLibrary>): void {
  let t: ToldService;
  beforeAll(async () => {
    t = await createToldService(name, await load());
  });
  afterEach(async () => {
    await switchWebhooks(t, 'prism', ADYEN, 'off');
    await t.control('mode', { provider: 'prism', refunds: 'pending' });
    await t.control('faults', undefined, 'DELETE');
    await forgetMessages(t);
    alertsBefore = t.alerts().length;
  });
  beforeAll(() => t.control('mode', { provider: 'prism', refunds: 'pending' }));
  afterAll(() => t.close());

  let alertsBefore = 0;
  const alerts = () => t.alerts().slice(alertsBefore);
  const fault = (kind: string, more = {}) =>
    t.control('faults', { provider: 'prism', operation: 'createRefund', kind, ...more });
  const refundOf = async (paymentId: string) => (await t.refundsOf(paymentId))[0]!;
  const statusOf = async (paymentId: string) => (await refundOf(paymentId)).status;
  const sums = async (paymentId: string) => {
    const row = await paymentRow(t, paymentId);
    return [row.refunded_minor, row.reserved_minor, row.unbound_minor].map(Number);
  };
  const movesOf = async (paymentId: string) =>
    t.database.db
      .selectFrom('events')
      .select(['kind', 'from_status', 'to_status', 'source', 'evidence'])
      .where('payment_id', '=', (await paymentRow(t, paymentId)).id)
      .where('source', '=', 'PROVIDER_MESSAGE')
      .orderBy('id')
      .execute();
  /** A refund of 40.00 that Adyen has received, and what its messages say of it. */
  const received = async (): Promise<{ paymentId: string; item: Partial<AdyenItem>; id: RefundId }> => {
    const paymentId = await t.paid();
    const id = await t.refund(paymentId);
    const [made] = await t.booksOf(paymentId);
    const { attempts } = await refundOf(paymentId);
    return { paymentId, id, item: { paymentId, refundId: made!.id, reference: attempts[0]!.provider_key } };
  };
  const at = (seconds: number): Date => new Date(Date.parse('2026-11-20T10:00:00Z') + seconds * 1_000);
  const tellAndWork = async (...items: readonly Partial<AdyenItem>[]): Promise<void> => {
    for (const item of items) expect((await t.tell([item])).status).toBe(200);
    await t.work();
  };
  /** Waits for what the sandbox sends, and works on it. */
  const untilTold = async (count: number): Promise<void> => {
    await expect.poll(async () => (await messagesOf(t)).length, { timeout: 10_000 }).toBe(count);
    await t.work();
    await untilWorkedOn(t);
  };

  /** What is not known here is looked for three times more, since it may be declared just now. */
  const untilIgnored = async (): Promise<void> => {
    for (const wait of [6, 11, 21]) {
      expect(await messagesOf(t)).toMatchObject([{ status: 'PENDING' }]);
      await t.advance(wait);
      await t.work();
    }
    expect(await messagesOf(t)).toMatchObject([{ status: 'IGNORED' }]);
  };

  describe('told by the sandbox', () => {
    it('a refund ends, and its history says by which message', async () => {
      await switchWebhooks(t, 'prism', ADYEN, 'on');
      const { paymentId, item } = await received();
      expect(await statusOf(paymentId)).toBe('PENDING');
      await t.settle('succeeded');
      await untilTold(1);
      expect(await statusOf(paymentId)).toBe('SUCCEEDED');
      expect(await sums(paymentId)).toEqual([4_000, 0, 0]);
      const [message] = await messagesOf(t);
      expect(message).toMatchObject({ status: 'DONE', event: 'REFUND' });
      expect(await movesOf(paymentId)).toMatchObject([
        {
          kind: 'leg.moved',
          from_status: 'PENDING',
          to_status: 'SUCCEEDED',
          evidence: {
            providerRefundId: item.refundId,
            rawStatus: 'REFUND:true',
            deliveryId: message!.id,
            event: 'REFUND',
            toldAt: message!.evidence!.at,
          },
        },
      ]);
      await t.sound(paymentId);
      expect(alerts()).toEqual([]);
    });

    it('a refund fails, its amount is free, and a retry is told of, too', async () => {
      await switchWebhooks(t, 'prism', ADYEN, 'on');
      const { paymentId, id } = await received();
      await t.settle('failed');
      await untilTold(1);
      expect(await refundOf(paymentId)).toMatchObject({
        status: 'FAILED',
        legs: [{ failure: { code: 'PROVIDER_REJECTED', providerCode: 'REFUND:false' } }],
      });
      expect(await sums(paymentId)).toEqual([0, 0, 0]);
      valueOf(await retryRefund(t.app.world, t.caller, { refundId: id, expectedRetries: 0, waitMs: 5_000 }));
      await t.settle('succeeded');
      await untilTold(2);
      expect(await statusOf(paymentId)).toBe('SUCCEEDED');
      await t.sound(paymentId);
    });

    it.each(['reversed', 'failed'])('a refund that had succeeded comes back: %s', async (word) => {
      await switchWebhooks(t, 'prism', ADYEN, 'on');
      const { paymentId, item } = await received();
      await t.settle('succeeded');
      await untilTold(1);
      await t.advance(day);
      await t.settle(word, { refundId: item.refundId });
      await untilTold(2);
      expect(await statusOf(paymentId)).toBe('REVERSED');
      expect(await sums(paymentId)).toEqual([0, 0, 0]);
      expect(alerts()).toEqual(['REFUND_CONTRADICTED']);
      await t.sound(paymentId);
    });

    it('before its answer is recorded, a refund ends all the same, once', async () => {
      await switchWebhooks(t, 'prism', ADYEN, 'on');
      await t.control('mode', { provider: 'prism', refunds: 'instant' });
      await fault('slow', { ms: 1_500, when: 'after' });
      const paymentId = await t.paid();
      const done = t.refund(paymentId);
      await untilTold(1);
      expect(await statusOf(paymentId)).toBe('SUCCEEDED');
      expect(await movesOf(paymentId)).toMatchObject([{ from_status: 'SENDING', to_status: 'SUCCEEDED' }]);
      await done;
      const outcomeOf = async () => (await refundOf(paymentId)).attempts[0]!.outcome;
      await expect.poll(outcomeOf, { timeout: 10_000 }).toBe('accepted');
      await expect.poll(() => t.logged().includes('a late or impossible provider status')).toBe(true);
      expect(await refundOf(paymentId)).toMatchObject({
        status: 'SUCCEEDED',
        legs: [{ provider_refund_id: (await t.booksOf(paymentId))[0]!.id }],
      });
      expect(alerts()).toEqual([]);
      await t.sound(paymentId);
    });

    it.each([
      ['succeeded', 'SUCCEEDED'],
      ['failed', 'FAILED'],
    ])('a refund whose answer was lost is found out: %s', async (word, status) => {
      await switchWebhooks(t, 'prism', ADYEN, 'on');
      await fault('lost-after-effect');
      const paymentId = await t.paid();
      await t.refund(paymentId);
      await driveDue(t.app.world);
      expect(await refundOf(paymentId)).toMatchObject({
        status: 'UNKNOWN',
        legs: [{ provider_refund_id: null }],
      });
      expect(alerts()).toEqual([]);
      await t.settle(word);
      await untilTold(1);
      const [made, ...more] = await t.booksOf(paymentId);
      expect(await refundOf(paymentId)).toMatchObject({ status, legs: [{ provider_refund_id: made!.id }] });
      expect(more).toEqual([]);
      await t.sound(paymentId);
    });

    it('lies change nothing', async () => {
      await switchWebhooks(t, 'prism', ADYEN, 'forge');
      const { paymentId, item } = await received();
      await t.settle('succeeded');
      const answersTo = async (): Promise<unknown[]> =>
        (await notifiedOf(t, 'prism')).flatMap(({ forged, lastStatus }) => (forged ? [lastStatus] : []));
      await expect.poll(answersTo, { timeout: 10_000 }).toEqual([401, 401]);
      expect(await messagesOf(t)).toEqual([]);
      expect([await statusOf(paymentId), await movesOf(paymentId)]).toEqual(['PENDING', []]);
      // The truth is still heard after them.
      await tellAndWork(item);
      expect(await statusOf(paymentId)).toBe('SUCCEEDED');
      await t.sound(paymentId);
    });
  });

  it('what was lost without effect waits two days for a message, then for a person, whom a message still spares', async () => {
    await fault('lost-before-effect');
    const paymentId = await t.paid();
    await t.refund(paymentId);
    for (const seconds of [60, 0.9 * day]) {
      await t.advance(seconds);
      await driveDue(t.app.world);
      expect(await statusOf(paymentId)).toBe('UNKNOWN');
    }
    await t.advance(1.2 * day);
    await driveDue(t.app.world);
    await t.advance(day);
    await driveDue(t.app.world);
    const { status, attempts, legs } = await refundOf(paymentId);
    expect(status).toBe('MANUAL_REVIEW');
    expect(alerts()).toEqual(['REFUND_UNKNOWN_TOO_LONG', 'REFUND_NEEDS_VERDICT']);
    const reviews = await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('leg_id', '=', legs[0]!.id)
      .where('to_status', '=', 'MANUAL_REVIEW')
      .execute();
    expect(reviews).toMatchObject([{ evidence: { why: 'no message of the provider has told about it' } }]);
    await tellAndWork({ paymentId, refundId: 'LATEREFUND000001', reference: attempts[0]!.provider_key });
    expect(await statusOf(paymentId)).toBe('SUCCEEDED');
  });

  it.each([
    [{ amountMinor: 4_001 }, '4001', 'EUR'],
    [{ currency: 'USD' }, '4000', 'USD'],
    [{ currency: 'ISK' }, '4000', 'ISK'],
  ])(
    'another amount than was asked for, %o, is left to a person with both figures',
    async (more, minor, currency) => {
      const { paymentId, item } = await received();
      await tellAndWork({ ...item, ...more });
      expect(await statusOf(paymentId)).toBe('MANUAL_REVIEW');
      expect((await refundOf(paymentId)).amount_minor).toBe(4_000n);
      expect(await movesOf(paymentId)).toMatchObject([
        { to_status: 'MANUAL_REVIEW', evidence: { providerAmountMinor: minor, providerCurrency: currency } },
      ]);
      expect(alerts()).toEqual(['REFUND_AMOUNT_DIFFERS']);
      expect(await sums(paymentId)).toEqual([0, 4_000, 0]);
    },
  );

  it.each(['REFUND_FAILED', 'REFUNDED_REVERSED'])(
    'a REFUND that comes after its %s changes nothing',
    async (eventCode) => {
      const { paymentId, item } = await received();
      await tellAndWork({ ...item, eventCode, at: at(5) });
      expect(await statusOf(paymentId)).toBe('FAILED');
      await tellAndWork({ ...item, at: at(4) });
      expect(await statusOf(paymentId)).toBe('FAILED');
      expect(await sums(paymentId)).toEqual([0, 0, 0]);
      // Of one instant it is the earlier one as well.
      const other = await received();
      await tellAndWork({ ...other.item, eventCode, at: at(5) });
      await tellAndWork({ ...other.item, at: at(5) });
      expect(await statusOf(other.paymentId)).toBe('FAILED');
      expect(alerts()).toEqual([]);
    },
  );

  it('of messages that are worked on together the earlier one comes first', async () => {
    const { paymentId, item } = await received();
    await tellAndWork({ ...item, eventCode: 'REFUND_FAILED', at: at(9) }, { ...item, at: at(9) });
    expect((await movesOf(paymentId)).map(({ to_status }) => to_status)).toEqual(['SUCCEEDED', 'REVERSED']);
    await t.sound(paymentId, { quiet: false });
  });

  it('a later success contradicts a failure, with an alarm', async () => {
    const { paymentId, item } = await received();
    await tellAndWork({ ...item, success: false, at: at(1) });
    expect(await statusOf(paymentId)).toBe('FAILED');
    await tellAndWork({ ...item, at: at(2) });
    expect(await statusOf(paymentId)).toBe('SUCCEEDED');
    expect(alerts()).toEqual(['REFUND_CONTRADICTED']);
    expect((await movesOf(paymentId)).at(-1)).toMatchObject({ kind: 'leg.contradicted' });
    expect(await sums(paymentId)).toEqual([4_000, 0, 0]);
  });

  it('a word that is not known leaves a refund as it is, open or ended, with one alarm each', async () => {
    const { paymentId, item } = await received();
    await tellAndWork({ ...item, eventCode: 'REFUND_HELD' });
    expect(await statusOf(paymentId)).toBe('PENDING');
    expect(alerts()).toEqual(['PROVIDER_STATUS_UNRECOGNISED']);
    expect(await movesOf(paymentId)).toMatchObject([
      { kind: 'leg.details', evidence: { rawStatus: 'REFUND_HELD:true', event: 'REFUND_HELD' } },
    ]);
    // It is no end, so that what happened before it is still taken in.
    await tellAndWork({ ...item, success: false, at: at(0) });
    await tellAndWork({ ...item, eventCode: 'REFUND_FAILED', success: false });
    expect(await statusOf(paymentId)).toBe('FAILED');
    expect(alerts()).toEqual(['PROVIDER_STATUS_UNRECOGNISED', 'PROVIDER_STATUS_UNRECOGNISED']);
    await t.sound(paymentId, { quiet: false });
  });

  it('a word that is not known of nothing that is known is of no interest', async () => {
    const { paymentId } = await received();
    await tellAndWork({ paymentId, refundId: 'CAPTURE000000001', eventCode: 'SOMETHING' });
    expect(await messagesOf(t)).toMatchObject([{ status: 'DONE' }]);
    expect([await movesOf(paymentId), await t.refundsOf(paymentId)]).toMatchObject([[], [{}]]);
    expect(alerts()).toEqual([]);
  });

  describe('a refund that nobody asked for here', () => {
    const elsewhere = { refundId: 'CONSOLE000000001', reference: 'by hand', amountMinor: 1_000 };

    it('of a known payment is EXTERNAL, and comes back as such', async () => {
      const { paymentId } = await received();
      const item = { ...elsewhere, refundId: `CONSOLE${paymentId.slice(-9)}`, paymentId };
      await tellAndWork({ ...item, at: at(1) });
      const [, external] = await t.refundsOf(paymentId);
      expect(external).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCEEDED', amount_minor: 1_000n });
      expect(await sums(paymentId)).toEqual([1_000, 4_000, 0]);
      await tellAndWork({ ...item, eventCode: 'REFUNDED_REVERSED', at: at(2) });
      expect((await t.refundsOf(paymentId))[1]).toMatchObject({ status: 'REVERSED' });
      expect(await sums(paymentId)).toEqual([0, 4_000, 0]);
      await t.sound(paymentId, { quiet: false });
    });

    it('only lowers what is refundable while a lost one has no name, though its amount is the same', async () => {
      await fault('lost-after-effect');
      const paymentId = await t.paid();
      await t.refund(paymentId);
      const { attempts } = await refundOf(paymentId);
      const item = { ...elsewhere, paymentId, amountMinor: 4_000, refundId: `SAME${paymentId.slice(-12)}` };
      await tellAndWork(item);
      expect(await statusOf(paymentId)).toBe('UNKNOWN');
      expect(await sums(paymentId)).toEqual([0, 4_000, 4_000]);
      const [made] = await t.booksOf(paymentId);
      await tellAndWork({ paymentId, refundId: made!.id, reference: attempts[0]!.provider_key });
      expect(await statusOf(paymentId)).toBe('SUCCEEDED');
      await driveDue(t.app.world);
      expect(await sums(paymentId)).toEqual([8_000, 0, 0]);
      expect((await t.refundsOf(paymentId)).map(({ origin }) => origin)).toEqual(['API', 'EXTERNAL']);
      await t.sound(paymentId, { quiet: false });
    });

    it('of a payment that is declared later is known from then on', async () => {
      const paymentId = await t.paid();
      const item = { ...elsewhere, paymentId, refundId: `EARLY${paymentId.slice(-11)}` };
      await tellAndWork(item);
      await untilIgnored();
      await t.refund(paymentId);
      await t.work();
      expect(await sums(paymentId)).toEqual([1_000, 4_000, 0]);
    });

    it('of a payment that is declared while they are worked on is known from then on', async () => {
      const paymentId = await t.paid();
      await t.tell([{ ...elsewhere, paymentId, refundId: `RACES${paymentId.slice(-11)}` }]);
      const { db } = t.database;
      const { accountId } = t.app.world.connections.all().find((each) => each.accountCode === ADYEN)!;
      // Found to be about nothing that is known, a moment too early.
      const [delivery] = await claimDueDeliveries(db, accountId, 10, 60_000);
      await t.refund(paymentId);
      await endDeliveries(db, [{ delivery: delivery!, end: { status: 'IGNORED' } }], 1_000);
      await t.work();
      expect(await sums(paymentId)).toEqual([1_000, 4_000, 0]);
    });

    it('that is told while its payment is being declared is known from then on', async () => {
      const paymentId = await t.paid();
      const { db } = t.database;
      let refunding: Promise<RefundId> | undefined;
      await db.transaction().execute(async (tx) => {
        // The declaration has looked for what was told before, and is not committed yet.
        await sql`LOCK TABLE events IN EXCLUSIVE MODE`.execute(tx);
        refunding = t.refund(paymentId);
        await expect
          .poll(async () => {
            const { rows } = await sql`SELECT FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%events%'`.execute(
              t.app.world.db,
            );
            return rows.length;
          })
          .toBe(1);
        await tellAndWork({ ...elsewhere, paymentId, refundId: `WHILE${paymentId.slice(-11)}` });
      });
      await refunding;
      await t.advance(60);
      await t.work();
      expect(await sums(paymentId)).toEqual([1_000, 4_000, 0]);
    });

    it('of one payment is not ours because it quotes our reference of another', async () => {
      const ours = await received();
      const theirs = await received();
      const refundId = `QUOTE${theirs.paymentId.slice(-11)}`;
      await tellAndWork({ ...ours.item, refundId, paymentId: theirs.paymentId, success: false });
      expect([await statusOf(ours.paymentId), await statusOf(theirs.paymentId)]).toEqual([
        'PENDING',
        'PENDING',
      ]);
      await tellAndWork({ ...ours.item, paymentId: theirs.paymentId });
      expect(await statusOf(ours.paymentId)).toBe('PENDING');
      expect(await sums(ours.paymentId)).toEqual([0, 4_000, 0]);
      // Both are over: nothing is tried again.
      expect((await messagesOf(t)).map(({ status }) => status)).toEqual(['DONE', 'DONE']);
    });
  });

  describe('of two merchants', () => {
    it('one never moves what is the other’s', async () => {
      const { paymentId, item } = await received();
      const other = { account: 'adyen-other', hmacKey: adyenKeys.other };
      // With the own key at the other's URL, and named as the other's there: known, and about nothing of theirs.
      expect((await t.tell([item], { hmacKey: adyenKeys.other })).status).toBe(401);
      expect((await t.tell([item], other)).status).toBe(401);
      const named = { ...item, merchantAccount: 'SimOtherECOM' };
      expect((await t.tell([named], other)).status).toBe(200);
      expect((await t.tell([named])).status).toBe(401);
      await t.work();
      await untilIgnored();
      expect([await statusOf(paymentId), await movesOf(paymentId)]).toEqual(['PENDING', []]);
    });
  });

  it('one bad item refuses the good ones beside it', async () => {
    const { paymentId, item } = await received();
    expect((await t.tell([item, { ...item, merchantAccount: 'SimOtherECOM' }])).status).toBe(401);
    expect(await messagesOf(t)).toEqual([]);
    expect(await statusOf(paymentId)).toBe('PENDING');
    const answer = await t.tell([
      item,
      { ...item, eventCode: 'REFUND_FAILED', at: new Date(Date.now() + 9_000) },
    ]);
    expect([answer.status, await answer.text()]).toEqual([200, '[accepted]']);
    await t.work();
    expect(await statusOf(paymentId)).toBe('REVERSED');
  });

  it('what was acknowledged survives the process that had begun to work on it', async () => {
    const { paymentId, item } = await received();
    expect((await t.tell([item])).status).toBe(200);
    const account = t.app.world.connections.all().find(({ accountCode }) => accountCode === ADYEN)!;
    expect(await claimDueDeliveries(t.database.db, account.accountId, 10, 60_000)).toHaveLength(1);
    await t.work();
    expect(await statusOf(paymentId)).toBe('PENDING');
    await t.advance(61);
    await t.work();
    expect(await statusOf(paymentId)).toBe('SUCCEEDED');
  });

  it('what cannot be taken in now is never given up, and holds up no other payment', async () => {
    const [stuck, free] = [await received(), await received()];
    const { db } = t.database;
    const { id } = await paymentRow(t, stuck.paymentId);
    expect((await t.tell([stuck.item])).status).toBe(200);
    expect((await t.tell([free.item])).status).toBe(200);
    await t.advance(3 * day);
    await db.transaction().execute(async (tx) => {
      await tx.selectFrom('payments').select('id').where('id', '=', id).forUpdate().execute();
      await t.work();
    });
    expect([await statusOf(free.paymentId), await statusOf(stuck.paymentId)]).toEqual([
      'SUCCEEDED',
      'PENDING',
    ]);
    await t.advance(3_600);
    await t.work();
    expect(await statusOf(stuck.paymentId)).toBe('SUCCEEDED');
  });
}
