import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RefundId } from '../../src/ids.ts';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { resolveRefund } from '../../src/refunds/resolve-refund.ts';
import { retryRefund } from '../../src/refunds/retry-refund.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import {
  armFault,
  clearFaults,
  consoleRefund,
  expectSound,
  paymentRow,
  problemOf,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
} from '../support/rules.ts';
import { lostRefund, notReturned, resolve, returned } from '../support/verdicts.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('resolve_refund');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
});

const hours = (count: number) => Math.round(count * 3_600);
const sync = (refundId: RefundId) => syncRefund(t.world, t.caller(), { refundId, waitMs: 10_000 });
const see = (paymentId: string) =>
  seePayment(
    t.world,
    t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!,
    paymentId,
  );
const eventsOf = (refundId: RefundId) =>
  t.database.db.selectFrom('events').selectAll().where('refund_id', '=', refundId).orderBy('id').execute();

/** An unclear refund of 400.00 of 1500.00 after the life of its key; nothing was executed unless told otherwise. */
async function unclear(
  kind: 'lost-before-effect' | 'lost-after-effect' = 'lost-before-effect',
): Promise<{ paymentId: string; refundId: RefundId }> {
  const paymentId = await t.payment('1500.00');
  const refundId = await lostRefund(t, paymentId, 40_000n, kind);
  await t.advance(hours(24));
  return { paymentId, refundId };
}

describe('a verdict', () => {
  test('is refused while the service may still find out by itself, and says until when', async () => {
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(t, paymentId, 40_000n);
    const { attempts } = await refundRow(t, refundId);
    const keyEnds = attempts[0]!.first_sent_at!.getTime() + hours(23) * 1_000;
    for (const verdict of [returned(40_000n), notReturned]) {
      const problem = problemOf(await resolve(t, refundId, verdict));
      expect(problem).toMatchObject({ type: 'NotResolvable', retry: 'WAIT', path: ['input', 'refund'] });
      expect(problem).toMatchObject({ resolvableAt: new Date(keyEnds) });
      expect(problem.message).toContain(new Date(keyEnds).toISOString());
    }
    await t.advance(hours(22.9));
    expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({ retry: 'WAIT' });
    await t.advance(hours(0.2));
    valueOf(await resolve(t, refundId, notReturned));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'FAILED' });
  });

  test.each(['lease_until', 'look_lease_until'] as const)(
    'is refused while a process works on it (%s)',
    async (lease) => {
      const { refundId } = await unclear();
      const set = (minutes: number) =>
        t.database.pool.query(
          `UPDATE refund_legs SET ${lease} = app_now() + make_interval(mins => $2) WHERE refund_id = $1`,
          [refundId, minutes],
        );
      await set(5);
      expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({
        type: 'NotResolvable',
        retry: 'WAIT',
      });
      await set(-1);
      valueOf(await resolve(t, refundId, notReturned));
    },
  );

  test('"not returned" is refused where the provider has no key until the sender is certainly gone', async () => {
    const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const keyless = await t.replica({
      adapter: { recovery: { ...adapter.recovery, lookUp: 'NOTHING', replayForMs: 0 } },
    });
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(t, paymentId, 40_000n);
    const gone = adapter.sendDeadlineMs * 2 + 10_000 + 15 * 60_000;
    const { attempts } = await refundRow(t, refundId);
    expect(problemOf(await resolve(t, refundId, notReturned, keyless))).toMatchObject({
      resolvableAt: new Date(attempts[0]!.last_sent_at!.getTime() + gone),
    });
    await t.advance(gone / 1_000 - 60);
    expect(problemOf(await resolve(t, refundId, notReturned, keyless))).toMatchObject({ retry: 'WAIT' });
    await t.advance(61);
    valueOf(await resolve(t, refundId, notReturned, keyless));
  });

  test('"returned" is taken at once where the provider has no key', async () => {
    const { adapter } = t.world.connections.findByCode(t.caller().viewer.merchantId, 'yookassa-demo')!;
    const keyless = await t.replica({
      adapter: { recovery: { ...adapter.recovery, lookUp: 'NOTHING', replayForMs: 0 } },
    });
    const paymentId = await t.payment('1500.00');
    const refundId = await lostRefund(t, paymentId, 40_000n, 'lost-after-effect');
    valueOf(await resolve(t, refundId, returned(40_000n), keyless));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('counts against the view it was made on: with another version nothing happens', async () => {
    const { refundId } = await unclear();
    const before = await refundRow(t, refundId);
    const command = { refundId, verdict: notReturned, evidence: 'Seen.' };
    const stale = await resolveRefund(t.world, t.caller(), {
      ...command,
      expectedVersion: before.version - 1,
    });
    expect(problemOf(stale)).toMatchObject({
      type: 'StaleVersion',
      code: 'STALE_VERSION',
      currentVersion: before.version,
    });
    expect(await refundRow(t, refundId)).toEqual(before);
    valueOf(await resolveRefund(t.world, t.caller(), { ...command, expectedVersion: before.version }));
    // The same verdict again, by somebody who did not see the first one.
    const again = await resolveRefund(t.world, t.caller(), { ...command, expectedVersion: before.version });
    expect(problemOf(again)).toMatchObject({ type: 'StaleVersion', currentVersion: before.version + 1 });
  });

  test('of two at the same time one is taken', async () => {
    const { paymentId, refundId } = await unclear();
    const { version: expectedVersion } = await refundRow(t, refundId);
    const command = { refundId, expectedVersion, evidence: 'Seen.' };
    const both = await Promise.all([
      resolveRefund(t.world, t.caller(), { ...command, verdict: notReturned }),
      resolveRefund(t.world, t.caller(), { ...command, verdict: returned(40_000n) }),
    ]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    await expectSound(t, paymentId, { quiet: false });
  });

  test('is only for what is unclear', async () => {
    const paymentId = await t.payment('1500.00');
    const { refundId } = valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    for (const verdict of [returned(40_000n), notReturned])
      expect(problemOf(await resolve(t, refundId, verdict))).toMatchObject({
        type: 'NotResolvable',
        retry: 'NEVER',
        resolvableAt: null,
      });
  });
});

describe('"not returned"', () => {
  test('frees the amount, tells why, and can be retried with another key', async () => {
    const { paymentId, refundId } = await unclear();
    valueOf(await resolve(t, refundId, notReturned));
    const failed = await refundRow(t, refundId);
    expect(failed).toMatchObject({ status: 'FAILED', attention: null });
    expect(failed.legs[0]!.failure).toMatchObject({ code: 'UNKNOWN_OUTCOME', retry: 'RETRY_REFUND' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    expect((await eventsOf(refundId)).at(-1)).toMatchObject({
      kind: 'leg.resolved',
      from_status: 'UNKNOWN',
      to_status: 'FAILED',
      source: 'API',
      actor: 'key:test',
      evidence: { verdict: 'notReturned', statement: 'Seen in the merchant profile.' },
    });
    await expectSound(t, paymentId);
    valueOf(await retryRefund(t.world, t.caller(), { refundId, expectedRetries: 0, waitMs: 10_000 }));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', legs: [{ attempt: 2 }] });
    await expectSound(t, paymentId);
  });

  test('that turns out to be wrong is corrected by the truth, with an alarm', async () => {
    const { paymentId, refundId } = await unclear('lost-after-effect');
    valueOf(await resolve(t, refundId, notReturned));
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
    await see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    expect((await eventsOf(refundId)).at(-1)).toMatchObject({ kind: 'leg.contradicted' });
    await expectSound(t, paymentId);
  });
});

describe('"returned" without an id of the provider', () => {
  test('counts, and the refund that shows up later is the same one and not a second', async () => {
    const { paymentId, refundId } = await unclear('lost-after-effect');
    valueOf(await resolve(t, refundId, returned(40_000n)));
    const resolved = await refundRow(t, refundId);
    expect(resolved).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    expect(resolved.legs[0]).toMatchObject({ provider_refund_id: null, failure: null });
    // Somebody still looks whether it stays so.
    expect(resolved.legs[0]!.next_look_at).not.toBeNull();
    await see(paymentId);
    const [refund] = (await t.ledgerOf(paymentId)).refunds;
    expect((await refundRow(t, refundId)).legs[0]).toMatchObject({ provider_refund_id: refund!.id });
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('keeps a refund of the console from being counted beside it before it is known whose it is', async () => {
    const { paymentId, refundId } = await unclear();
    await consoleRefund(t, paymentId, '400.00');
    valueOf(await resolve(t, refundId, returned(40_000n)));
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toHaveLength(1);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 40_000n });
  });

  test('that the provider says failed is REVERSED', async () => {
    await refundsAre(t, 'pending');
    const { paymentId, refundId } = await unclear('lost-after-effect');
    valueOf(await resolve(t, refundId, returned(40_000n)));
    await t.control('settle', { provider: 'yookassa', all: true, status: 'canceled' });
    await see(paymentId);
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'REVERSED', returned_minor: 0n });
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 0n, reserved_minor: 0n });
    await expectSound(t, paymentId);
  });

  test('must state what was to be returned, in its currency', async () => {
    const { refundId } = await unclear();
    expect(problemOf(await resolve(t, refundId, returned(39_999n)))).toMatchObject({
      type: 'InvalidInput',
      path: ['input', 'verdict', 'returned', 'amount'],
      message: expect.stringContaining('400.00 RUB'),
    });
    expect(
      problemOf(
        await resolve(t, refundId, returned(40_000n, { amount: { minor: 40_000n, currency: 'USD' } })),
      ),
    ).toMatchObject({ type: 'CurrencyMismatch', expectedCurrency: 'RUB' });
  });
});

describe('"returned" with an id of the provider', () => {
  test.each([
    ['that was never seen is read first', false],
    ['that is known and nobody’s', true],
  ])('%s: it is bound, counted once, and shown', async (_name, isSeen) => {
    const { paymentId, refundId } = await unclear();
    await consoleRefund(t, paymentId, '400.00');
    if (isSeen) {
      // Two fit, so that none is bound by its amount.
      await consoleRefund(t, paymentId, '400.00');
      await see(paymentId);
      expect(await paymentRow(t, paymentId)).toMatchObject({ unbound_minor: 80_000n });
    }
    const [atProvider] = (await t.ledgerOf(paymentId)).refunds;
    valueOf(await resolve(t, refundId, returned(40_000n, { providerRefundId: atProvider!.id })));
    const resolved = await refundRow(t, refundId);
    expect(resolved).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    expect(resolved.legs[0]).toMatchObject({ provider_refund_id: atProvider!.id, raw_status: 'succeeded' });
    const seen = await t.database.db
      .selectFrom('provider_refunds')
      .select('leg_id')
      .where('provider_refund_id', '=', atProvider!.id)
      .executeTakeFirst();
    expect(seen).toEqual({ leg_id: resolved.legs[0]!.id });
    const unbound_minor = isSeen ? 40_000n : 0n;
    expect(await paymentRow(t, paymentId)).toMatchObject({ unbound_minor, refunded_minor: 40_000n });
    expect((await eventsOf(refundId)).at(-1)!.evidence).toMatchObject({
      verdict: 'returned',
      returnedMinor: '40000',
      currency: 'RUB',
      providerRefundId: atProvider!.id,
    });
    valueOf(await sync(refundId));
    await see(paymentId);
    expect(await refundRows(t, paymentId), 'the other one was made elsewhere').toHaveLength(isSeen ? 2 : 1);
    await expectSound(t, paymentId);
  });

  test('of another amount, of another payment, of another refund, or unknown, is refused', async () => {
    const { paymentId, refundId } = await unclear();
    const elsewhere = await t.payment('1500.00');
    await consoleRefund(t, elsewhere, '400.00');
    await consoleRefund(t, paymentId, '300.00');
    const idOf = async (id: string) => (await t.ledgerOf(id)).refunds[0]!.id;
    const before = await refundRow(t, refundId);
    const refused = async (providerRefundId: string, says: RegExp) =>
      expect(problemOf(await resolve(t, refundId, returned(40_000n, { providerRefundId })))).toMatchObject({
        type: 'InvalidInput',
        path: ['input', 'verdict', 'returned', 'providerRefundId'],
        message: expect.stringMatching(says),
      });
    await refused('no-such-refund', /knows no such refund/);
    await refused(await idOf(elsewhere), /knows no such refund/);
    // The same once it is known here.
    await see(elsewhere);
    await refused(await idOf(elsewhere), /knows no such refund/);
    await refused(await idOf(paymentId), /another amount/);
    expect(await refundRow(t, refundId)).toEqual(before);
    // What was read stays known, as nobody's.
    expect(await paymentRow(t, paymentId)).toMatchObject({ unbound_minor: 30_000n, refunded_minor: 0n });
  });

  test('that executed another refund of ours is refused', async () => {
    const paymentId = await t.payment('1500.00');
    valueOf(await createRefund(t.world, t.caller(), refundCommand(paymentId, 40_000n)));
    const [mine] = (await t.ledgerOf(paymentId)).refunds;
    const refundId = await lostRefund(t, paymentId, 40_000n);
    await t.advance(hours(24));
    expect(
      problemOf(await resolve(t, refundId, returned(40_000n, { providerRefundId: mine!.id }))),
    ).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('another refund here') });
  });

  test('that was made elsewhere before is refused', async () => {
    const paymentId = await t.payment('1500.00');
    await consoleRefund(t, paymentId, '400.00');
    await see(paymentId);
    expect(await refundRows(t, paymentId)).toMatchObject([{ origin: 'EXTERNAL' }]);
    const refundId = await lostRefund(t, paymentId, 40_000n);
    await t.advance(hours(24));
    const [elsewhere] = (await t.ledgerOf(paymentId)).refunds;
    expect(
      problemOf(await resolve(t, refundId, returned(40_000n, { providerRefundId: elsewhere!.id }))),
    ).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('another refund here') });
  });

  test('whose reference is that of another unclear refund is refused', async () => {
    const paymentId = await t.payment('1500.00');
    await lostRefund(t, paymentId, 40_000n, 'lost-after-effect');
    const refundId = await lostRefund(t, paymentId, 40_000n);
    await t.advance(hours(24));
    const [executed] = (await t.ledgerOf(paymentId)).refunds;
    expect(
      problemOf(await resolve(t, refundId, returned(40_000n, { providerRefundId: executed!.id }))),
    ).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('another refund here') });
  });

  test('that has not succeeded is refused', async () => {
    await refundsAre(t, 'pending');
    const { paymentId, refundId } = await unclear('lost-after-effect');
    const [atProvider] = (await t.ledgerOf(paymentId)).refunds;
    const verdict = returned(40_000n, { providerRefundId: atProvider!.id });
    expect(problemOf(await resolve(t, refundId, verdict))).toMatchObject({
      type: 'NotResolvable',
      retry: 'WAIT',
    });
  });

  test('that cannot be read now is an error of the provider, and nothing changes', async () => {
    const { refundId } = await unclear();
    const before = await refundRow(t, refundId);
    await armFault(t, 'connect-refused', { operation: '*', times: 100 });
    expect(
      problemOf(await resolve(t, refundId, returned(40_000n, { providerRefundId: 'anything' }))),
    ).toMatchObject({ type: 'ProviderProblem', code: 'PROVIDER_UNAVAILABLE' });
    expect(await refundRow(t, refundId)).toEqual(before);
  });
});

describe('a refund of several legs', () => {
  test('is decided leg by leg, and an unnamed one is asked for', async () => {
    const rub = (value: string) => ({ value, currency: 'RUB' });
    const paymentId = await t.payment('1500.00', {
      sources: [
        { account: '200601', amount: rub('900.00') },
        { account: '200602', amount: rub('600.00') },
      ],
    });
    await armFault(t, 'lost-before-effect', { times: 2 });
    const money = (minor: bigint) => ({ minor, currency: 'RUB' as const });
    const { refundId } = valueOf(
      await createRefund(
        t.world,
        t.caller(),
        refundCommand(paymentId, 'remaining', {
          amount: {
            kind: 'sources',
            sources: [
              { seller: '200601', amount: money(30_000n), platformFee: null },
              { seller: '200602', amount: money(10_000n), platformFee: null },
            ],
          },
        }),
      ),
    );
    await t.advance(hours(24));
    const { legs } = await refundRow(t, refundId);
    expect(legs.map(({ status }) => status)).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(problemOf(await resolve(t, refundId, notReturned))).toMatchObject({
      type: 'InvalidInput',
      path: ['input', 'verdict', 'notReturned', 'leg'],
      message: expect.stringContaining('200601, 200602'),
    });
    const [first, second] = legs.toSorted((left, right) => left.name.localeCompare(right.name));
    valueOf(await resolve(t, refundId, returned(30_000n, { legId: first!.id })));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'UNKNOWN', returned_minor: 30_000n });
    // The other leg is the only unclear one now; the decided one is not unclear any more.
    expect(problemOf(await resolve(t, refundId, returned(30_000n, { legId: first!.id })))).toMatchObject({
      type: 'NotResolvable',
      retry: 'NEVER',
    });
    const stranger = (await refundRow(t, (await unclear()).refundId)).legs[0]!.id;
    expect(problemOf(await resolve(t, refundId, { kind: 'notReturned', legId: stranger }))).toMatchObject({
      type: 'NotFound',
      path: ['input', 'verdict', 'notReturned', 'leg'],
    });
    valueOf(await resolve(t, refundId, notReturned));
    expect(await refundRow(t, refundId)).toMatchObject({ status: 'PARTIALLY_SUCCEEDED' });
    expect(second!.name).toBe('200602');
    await expectSound(t, paymentId, { quiet: false });
  });
});
