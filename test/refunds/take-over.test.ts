import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundFacts } from '../../src/providers/provider.ts';
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
beforeAll(async () => {
  e = await createElsewhereWorld('take_over');
});
afterAll(() => e.t.close());
beforeEach(async () => {
  await clearFaults(e.t);
  await refundsAre(e.t, 'instant');
  e.alerts();
});

/** The provider answers our next send with this refund, which it has already. */
const answering = async (facts: () => RefundFacts) =>
  e.t.replica({
    log: e.t.world.log,
    adapter: {
      sendRefund: async () => ({ kind: 'accepted', refund: facts(), evidence: {} }),
    },
  });

async function atProvider(paymentId: string): Promise<RefundFacts[]> {
  const { adapter, access } = e.connection();
  const look = await adapter.readPayment(access, paymentId);
  if (look.kind !== 'found') throw new Error(look.kind);
  return [...look.value.refunds];
}

async function externalOf(paymentId: string) {
  const rows = await refundRows(e.t, paymentId);
  return rows.find(({ origin }) => origin === 'EXTERNAL')!;
}

const eventsOf = async (refundId: string) =>
  (
    await e.t.database.db
      .selectFrom('events')
      .select(['kind', 'from_status', 'to_status', 'evidence'])
      .where('refund_id', '=', refundId as never)
      .orderBy('id')
      .execute()
  ).map(({ kind, from_status: from, to_status: to, evidence }) => ({ kind, from, to, evidence }));

describe('a refund that seemed to be made elsewhere', () => {
  test('becomes ours when the answer to our send names it, and counts once', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    await e.see(paymentId);
    const external = await externalOf(paymentId);
    const [facts] = await atProvider(paymentId);
    const world = await answering(() => facts!);
    const ours = valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 40_000n)));
    expect(await refundRow(t, ours.refundId)).toMatchObject({
      status: 'SUCCEEDED',
      replaces: external.id,
      legs: [{ provider_refund_id: facts!.providerRefundId }],
    });
    expect(await refundRow(t, external.id)).toMatchObject({
      status: 'CANCELED',
      returned_minor: 0n,
      legs: [{ provider_refund_id: null, next_look_at: null }],
    });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
    const { providerRefundId } = facts!;
    expect((await eventsOf(external.id)).slice(1)).toMatchObject([
      {
        kind: 'leg.moved',
        from: 'SUCCEEDED',
        to: 'CANCELED',
        evidence: { cause: 'merge', providerRefundId },
      },
      {
        kind: 'refund.merged',
        from: null,
        to: null,
        evidence: { providerRefundId, mergedInto: ours.refundId },
      },
    ]);
    expect(await eventsOf(ours.refundId)).toContainEqual({
      kind: 'refund.merged',
      from: null,
      to: null,
      evidence: { providerRefundId, mergedFrom: external.id },
    });
    // Whoever looks again finds it ours; nothing is imported or closed twice.
    await e.see(paymentId);
    expect(await refundRows(t, paymentId)).toHaveLength(2);
    expect(e.alerts()).toEqual([]);
    await expectSound(t, paymentId);
  });

  test('becomes ours when its reference is seen, also after a person said that ours never happened', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await e.decide(ours.refundId, 'FAILED');
    await e.see(paymentId, await e.showing(withoutReferences));
    const external = await externalOf(paymentId);
    expect(external).toMatchObject({ status: 'SUCCEEDED', amount_minor: 40_000n });
    expect(e.alerts()).toEqual([]);
    await e.see(paymentId);
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'SUCCEEDED', replaces: external.id });
    expect(await refundRow(t, external.id)).toMatchObject({ status: 'CANCELED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n, reserved_minor: 0n });
    expect(e.alerts()).toEqual(['REFUND_CONTRADICTED']);
    await expectSound(t, paymentId);
  });

  test('that is under way is closed, and ours goes on', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    await armFault(t, 'lost-after-effect');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 150_000n)));
    await e.decide(ours.refundId, 'FAILED');
    await e.see(paymentId, await e.showing(withoutReferences));
    const external = await externalOf(paymentId);
    expect(external).toMatchObject({ status: 'PENDING' });
    await e.see(paymentId);
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'PENDING' });
    expect(await refundRow(t, external.id)).toMatchObject({ status: 'CANCELED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 150_000n, overcommitted: false });
    await expectSound(t, paymentId);
    await settleAll(t, 'succeeded');
    valueOf(await syncRefund(t.world, t.caller(), { refundId: ours.refundId, waitMs: 10_000 }));
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });

  test('that had failed is only bound anew', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    await armFault(t, 'lost-after-effect');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await e.decide(ours.refundId, 'FAILED');
    await settleAll(t, 'canceled');
    await e.see(paymentId, await e.showing(withoutReferences));
    const external = await externalOf(paymentId);
    expect(external).toMatchObject({ status: 'FAILED' });
    await e.see(paymentId);
    const [facts] = await atProvider(paymentId);
    expect(await refundRow(t, external.id)).toMatchObject({ status: 'FAILED' });
    expect(await refundRow(t, ours.refundId)).toMatchObject({
      status: 'FAILED',
      replaces: external.id,
      legs: [{ provider_refund_id: facts!.providerRefundId }],
    });
    await expectSound(t, paymentId);
  });

  test('of another amount than ours stays, and a person tells', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '1000.00');
    await e.see(paymentId);
    const [facts] = await atProvider(paymentId);
    const world = await answering(() => facts!);
    const ours = valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 50_000n)));
    expect(await refundRow(t, ours.refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
    expect(await externalOf(paymentId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({
      refunded_minor: 100_000n,
      reserved_minor: 50_000n,
    });
    expect(e.alerts()).toEqual(['PROVIDER_REFUND_BOUND_TWICE']);
    await expectSound(t, paymentId);
  });

  test('stays while the look is older than the end of ours, which it cannot move any more', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const ours = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    await e.decide(ours.refundId, 'FAILED');
    await e.see(paymentId, await e.showing(withoutReferences));
    const legs = t.database.db.updateTable('refund_legs').where('refund_id', '=', ours.refundId);
    await legs.set({ as_of: new Date(t.clock.now().getTime() + 60_000) }).execute();
    await e.see(paymentId);
    expect(await externalOf(paymentId)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n });
    await expectSound(t, paymentId);
    await legs.set({ as_of: new Date(t.clock.now().getTime() - 60_000) }).execute();
    await e.see(paymentId);
    expect(await externalOf(paymentId)).toMatchObject({ status: 'CANCELED' });
    await expectSound(t, paymentId);
  });

  test('stays closed for ever: it is no refund that another one may replace', async () => {
    const { t } = e;
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    await e.see(paymentId);
    const external = await externalOf(paymentId);
    const [facts] = await atProvider(paymentId);
    const world = await answering(() => facts!);
    valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 40_000n)));
    const again = await createRefund(
      t.world,
      t.caller(),
      refundCommand(paymentId, 1_000n, { replaces: external.id }),
    );
    expect(again).toMatchObject({ ok: false, problems: [{ code: 'INVALID_INPUT' }] });
  });
});

test('one refund of the provider for two of ours is for a person to tell', async () => {
  const { t } = e;
  const paymentId = await t.payment('1500.00');
  const first = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
  const [facts] = await atProvider(paymentId);
  const world = await answering(() => facts!);
  const second = valueOf(await createRefund(world, t.caller(), refundCommand(paymentId, 40_000n)));
  expect(await refundRow(t, first.refundId)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await refundRow(t, second.refundId)).toMatchObject({ status: 'MANUAL_REVIEW' });
  expect(e.alerts()).toEqual(['PROVIDER_REFUND_BOUND_TWICE']);
  await expectSound(t, paymentId, { quiet: false });
});
