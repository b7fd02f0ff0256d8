import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import { createElsewhereWorld, withoutReferences, type ElsewhereWorld } from '../support/made-elsewhere.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  settleAll,
  valueOf,
} from '../support/rules.ts';

let e: ElsewhereWorld;
/** A process to which the provider never shows a reference of ours. */
let blind: World;
beforeAll(async () => {
  e = await createElsewhereWorld('bind_by_amount');
  blind = await e.showing(withoutReferences);
});
afterAll(() => e.t.close());
beforeEach(async () => {
  await clearFaults(e.t);
  await refundsAre(e.t, 'instant');
  e.alerts();
});

const hours = (count: number) => Math.round(count * 3_600);

async function lost(
  paymentId: string,
  minor: bigint,
  kind: 'lost-before-effect' | 'lost-after-effect' = 'lost-after-effect',
): Promise<RefundId> {
  await armFault(e.t, kind);
  const { refundId } = valueOf(await createRefund(blind, e.t.caller(), refundCommand(paymentId, minor)));
  expect(await refundRow(e.t, refundId)).toMatchObject({ status: 'UNKNOWN' });
  return refundId;
}

const externals = async (paymentId: string) =>
  (await refundRows(e.t, paymentId)).filter(({ origin }) => origin === 'EXTERNAL');

describe('a provider refund without any reference', () => {
  test('is bound to the one leg of its amount, and only when the key is forgotten', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const refundId = await lost(paymentId, 40_000n);
    await e.see(paymentId, blind);
    await t.advance(hours(22.9));
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n, unbound_minor: 40_000n });
    await t.advance(hours(0.2));
    await e.see(paymentId, blind);
    const bound = await refundRow(t, refundId);
    expect(bound).toMatchObject({ status: 'SUCCEEDED' });
    const [atProvider] = (await t.ledgerOf(paymentId)).refunds;
    expect(bound.legs[0]!.provider_refund_id).toBe(atProvider!.id);
    expect(await paymentRow(t, paymentId)).toMatchObject({
      reserved_minor: 0n,
      refunded_minor: 40_000n,
      unbound_minor: 0n,
    });
    expect(await externals(paymentId)).toEqual([]);
    expect(e.alerts()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('that is under way is followed to its end', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refundId = await lost(paymentId, 40_000n);
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PENDING' });
    await settleAll(t, 'canceled');
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
    await expectSound(t, paymentId);
  });

  test.each([
    { what: 'another amount', value: '399.99', before: false },
    { what: 'an earlier time', value: '400.00', before: true },
  ])('of $what is not taken for ours, and not imported while ours is unclear', async ({ value, before }) => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await e.see(paymentId, blind);
    if (before) await consoleRefund(t, paymentId, value);
    if (before) await t.advance(90);
    const hidden = await e.showing(() => undefined);
    await armFault(t, 'lost-before-effect');
    const { refundId } = valueOf(await createRefund(hidden, t.caller(), refundCommand(paymentId, 40_000n)));
    if (!before) await consoleRefund(t, paymentId, value);
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
    expect(await externals(paymentId)).toEqual([]);
    // A person says that ours never happened: then it was made elsewhere.
    await e.decide(refundId, 'FAILED');
    await e.see(paymentId, blind);
    expect(await externals(paymentId)).toMatchObject([{ status: 'SUCCEEDED' }]);
    await expectSound(t, paymentId);
  });

  test('that failed frees nothing: our money may have gone with another one', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refundId = await lost(paymentId, 40_000n);
    await settleAll(t, 'canceled');
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
  });
});

describe('where more than one combination fits', () => {
  test('a person decides, once asked, and the rest follows', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const refundId = await lost(paymentId, 40_000n);
    await consoleRefund(t, paymentId, '400.00');
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    expect(await externals(paymentId)).toEqual([]);
    const ids = (await t.ledgerOf(paymentId)).refunds.map(({ id }) => id);
    const event = await t.database.db
      .selectFrom('events')
      .select('evidence')
      .where('refund_id', '=', refundId)
      .where('to_status', '=', 'MANUAL_REVIEW')
      .executeTakeFirstOrThrow();
    expect(String(event.evidence['candidates']).split(' ').toSorted()).toEqual(ids.toSorted());
    await e.see(paymentId, blind);
    expect(e.alerts()).toEqual(['REFUND_NEEDS_VERDICT']);
    await expectSound(t, paymentId);
    // Returned, says the person, without naming which: one of the two is it, the other was made elsewhere.
    await e.decide(refundId, 'SUCCEEDED');
    await e.see(paymentId, blind);
    const [ours] = (await refundRow(t, refundId)).legs;
    expect(ids).toContain(ours!.provider_refund_id);
    expect(await externals(paymentId)).toMatchObject([{ status: 'SUCCEEDED', amount_minor: 40_000n }]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 80_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('of two legs one is bound by itself when the other is decided', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const first = await lost(paymentId, 40_000n, 'lost-before-effect');
    const second = await lost(paymentId, 40_000n);
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(e.alerts()).toEqual(['REFUND_NEEDS_VERDICT', 'REFUND_NEEDS_VERDICT']);
    await e.decide(first, 'FAILED');
    await e.see(paymentId, blind);
    expect(await refundRow(t, first)).toMatchObject({ status: 'FAILED' });
    expect(await refundRow(t, second)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('nobody is asked while one of the keys is alive', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const first = await lost(paymentId, 40_000n);
    await t.advance(hours(12));
    const second = await lost(paymentId, 40_000n, 'lost-before-effect');
    await t.advance(hours(12));
    await e.see(paymentId, blind);
    // The refund is older than the second leg, so that it can only be the first one's.
    expect(await refundRow(t, first)).toMatchObject({ status: 'SUCCEEDED' });
    await consoleRefund(t, paymentId, '400.00');
    await e.see(paymentId, blind);
    expect(await refundRow(t, second)).toMatchObject({ status: 'UNKNOWN' });
    await t.advance(hours(12));
    await e.see(paymentId, blind);
    expect(await refundRow(t, second)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a refund that a person has called returned, without its id', () => {
  test('takes the provider refund that it is, without a second count', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    const refundId = await lost(paymentId, 40_000n);
    await t.advance(hours(47.5));
    // Nothing is shown until somebody has decided.
    await e.decide(refundId, 'SUCCEEDED');
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n });
    await consoleRefund(t, paymentId, '100.00');
    await e.see(paymentId, blind);
    expect((await refundRow(t, refundId)).legs[0]!.provider_refund_id).not.toBeNull();
    expect(await externals(paymentId)).toMatchObject([{ amount_minor: 10_000n }]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 50_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('keeps the one that may be it from being imported while it is under way', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    const refundId = await lost(paymentId, 40_000n);
    await t.advance(hours(24));
    await e.decide(refundId, 'SUCCEEDED');
    await e.see(paymentId, blind);
    expect(await externals(paymentId)).toEqual([]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, unbound_minor: 40_000n });
    await settleAll(t, 'succeeded');
    await e.see(paymentId, blind);
    expect((await refundRow(t, refundId)).legs[0]!.provider_refund_id).not.toBeNull();
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, unbound_minor: 0n });
    await expectSound(t, paymentId);
  });
});

describe('of a split payment', () => {
  const rub = (value: string) => ({ value, currency: 'RUB' });
  const split = () =>
    e.t.payment('100.00', {
      sources: [
        { account: '200601', amount: rub('60.00') },
        { account: '200602', amount: rub('40.00') },
      ],
    });

  test.each([
    { seller: '200601', status: 'SUCCEEDED' },
    { seller: '200602', status: 'UNKNOWN' },
  ])('a refund of seller $seller leaves the leg of 200601 $status', async ({ seller, status }) => {
    const { t } = e;
    const paymentId = await split();
    await e.see(paymentId, blind);
    await armFault(t, 'lost-before-effect');
    const source = {
      seller: '200601',
      amount: { minor: 1_000n, currency: 'RUB' as const },
      platformFee: null,
    };
    const created = valueOf(
      await createRefund(
        blind,
        t.caller(),
        refundCommand(paymentId, 0n, {
          amount: { kind: 'sources', sources: [source] },
          feeBearer: 'SELLER',
        }),
      ),
    );
    await t.control('console-refund', {
      provider: 'yookassa',
      reference: paymentId,
      amount: rub('10.00'),
      source: { account: seller },
    });
    await t.advance(hours(23.1));
    await e.see(paymentId, blind);
    expect(await refundRow(t, created.refundId)).toMatchObject({ status });
    await expectSound(t, paymentId);
  });
});
