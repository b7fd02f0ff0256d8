import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRefund } from '../../src/refunds/create-refund.ts';
import { syncRefund } from '../../src/refunds/sync-refund.ts';
import type { RefundId } from '../../src/ids.ts';
import type { World } from '../../src/refunds/world.ts';
import {
  armFault,
  clearFaults,
  expectSound,
  paymentRow,
  refundCommand,
  refundRow,
  refundRows,
  refundsAre,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';

let t: TestWorld;
/** A world that does not wait half a minute for an answer that never comes. */
let hasty: World;
beforeAll(async () => {
  t = await createTestWorld('lost_answers');
  hasty = await t.replica({ sendDeadlineMs: 400 });
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await refundsAre(t, 'instant');
  await t.control('mode', { provider: 'yookassa', replay: 'stored' });
});

const sync = (refundId: RefundId) => syncRefund(hasty, t.caller(), { refundId, waitMs: 10_000 });

async function create(paymentId: string, minor: bigint) {
  const created = valueOf(await createRefund(hasty, t.caller(), refundCommand(paymentId, minor)));
  return refundRow(t, created.refundId);
}

/** After this fault: the leg's status at first, and how many refunds the provider has made by then. */
const faults: readonly [kind: string, more: Record<string, unknown>, status: string, executed: number][] = [
  ['lost-after-effect', {}, 'UNKNOWN', 1],
  ['lost-before-effect', {}, 'UNKNOWN', 0],
  ['error-after-effect', {}, 'UNKNOWN', 1],
  ['error-before-effect', {}, 'UNKNOWN', 0],
  ['error-before-effect', { status: 503 }, 'UNKNOWN', 0],
  ['hang', { effect: true }, 'UNKNOWN', 1],
  ['hang', { effect: false }, 'UNKNOWN', 0],
  ['cut-body', {}, 'UNKNOWN', 1],
  ['garbage', {}, 'UNKNOWN', 1],
  ['garbage', { status: 502, effect: false }, 'UNKNOWN', 0],
  ['busy', {}, 'UNKNOWN', 0],
  ['busy', { effect: true }, 'UNKNOWN', 1],
  ['key-in-progress', {}, 'UNKNOWN', 0],
  ['rate-limited', { retryAfterMs: 60_000 }, 'QUEUED', 0],
  ['unknown-status', {}, 'PENDING', 1],
  ['wrong-amount', {}, 'MANUAL_REVIEW', 1],
];

describe.each(faults)('%s %o', (kind, more, status, executed) => {
  test(`is ${status} with the amount reserved, and asking finds the truth: one refund, one key, the same bytes`, async () => {
    const paymentId = await t.payment('1500.00');
    const requests = await watchRequests(t);
    await armFault(t, kind, more);
    const refund = await create(paymentId, 40_000n);
    expect(refund.status).toBe(status);
    expect(refund.legs[0]!.status).toBe(status);
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n, refunded_minor: 0n });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(executed);
    await expectSound(t, paymentId, { quiet: false });

    valueOf(await sync(refund.id));
    const after = await refundRow(t, refund.id);
    expect(after).toMatchObject({ status: 'SUCCEEDED', returned_minor: 40_000n });
    expect(after.attempts).toHaveLength(1);
    const posts = await requests('createRefund');
    expect(new Set(posts.map(({ providerKey }) => providerKey))).toEqual(
      new Set([after.attempts[0]!.provider_key]),
    );
    expect(new Set(posts.map(({ bodyHash }) => bodyHash)).size).toBe(1);
    const { refunds } = await t.ledgerOf(paymentId);
    expect(refunds).toHaveLength(1);
    expect(after.legs[0]!.provider_refund_id).toBe(refunds[0]!.id);
    await expectSound(t, paymentId);
  });
});

describe('nothing arrived', () => {
  test('a refused connection puts the leg back with its amount, and it is sent later with the same bytes', async () => {
    const paymentId = await t.payment('1500.00');
    // Seen before the port closes.
    await create(paymentId, 1_000n);
    await armFault(t, 'connect-refused');
    const refund = await create(paymentId, 40_000n);
    expect(refund).toMatchObject({ status: 'QUEUED' });
    expect(refund.attempts[0]).toMatchObject({ outcome: 'not-sent', sends: 1, unclear_sends: 0 });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    const failed = await sync(refund.id);
    expect(failed).toMatchObject({ ok: true, value: { problems: [{ code: 'PROVIDER_UNAVAILABLE' }] } });
    await clearFaults(t);
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a definite no', () => {
  const reasons: readonly [code: string, unified: string, retry: string][] = [
    ['insufficient_funds', 'INSUFFICIENT_FUNDS', 'RETRY_REFUND'],
    ['rejected_by_timeout', 'PROVIDER_UNAVAILABLE', 'RETRY_REFUND'],
    ['yoo_money_account_closed', 'PAYMENT_NOT_REFUNDABLE', 'NEVER'],
    ['payment_expired', 'REFUND_WINDOW_EXPIRED', 'NEVER'],
    ['rejected_by_payee', 'PROVIDER_REJECTED', 'NEVER'],
    ['general_decline', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
    ['a_word_of_tomorrow', 'PROVIDER_REJECTED', 'ASK_A_HUMAN'],
  ];
  test.each(reasons)('canceled in a 200 for %s is %s and frees the amount', async (code, unified, retry) => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'refuse', { code });
    const refund = await create(paymentId, 40_000n);
    expect(refund.status).toBe('FAILED');
    expect(refund.legs[0]!.failure).toMatchObject({ code: unified, retry, providerCode: code });
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n, refunded_minor: 0n });
    await expectSound(t, paymentId);
  });

  test.each(['invalid_request', 'not_supported', 'not_found'])(
    'the error %s to a first send frees the amount',
    async (code) => {
      const paymentId = await t.payment('1500.00');
      await armFault(t, 'refuse', { code });
      const refund = await create(paymentId, 40_000n);
      expect(refund.status).toBe('FAILED');
      expect(refund.attempts[0]).toMatchObject({ outcome: 'refused' });
      expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 0n });
      expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(0);
    },
  );

  test('the same error to a repetition proves nothing: the amount stays reserved', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-before-effect');
    const refund = await create(paymentId, 40_000n);
    await armFault(t, 'refuse', { code: 'invalid_request' });
    valueOf(await sync(refund.id));
    const still = await refundRow(t, refund.id);
    expect(still).toMatchObject({ status: 'UNKNOWN' });
    expect(still.legs[0]!.failure).toEqual(refund.legs[0]!.failure);
    expect(still.legs[0]!.failure).toMatchObject({ code: 'UNKNOWN_OUTCOME' });
    expect(still.legs[0]!.next_look_at).not.toBeNull();
    expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
    await expectSound(t, paymentId, { quiet: false });
  });

  test.each(['rate-limited', 'unauthorized', 'error-before-effect'])(
    'a repetition that is answered by %s changes nothing either',
    async (kind) => {
      const paymentId = await t.payment('1500.00');
      await armFault(t, 'lost-before-effect');
      const refund = await create(paymentId, 40_000n);
      await armFault(t, kind);
      valueOf(await sync(refund.id));
      const still = await refundRow(t, refund.id);
      expect(still).toMatchObject({ status: 'UNKNOWN' });
      expect(still.legs[0]!.failure, 'no word about the repetition').not.toMatchObject({
        code: expect.stringMatching(/RATE_LIMITED|AUTHENTICATION_FAILED/),
      });
      expect(await paymentRow(t, paymentId)).toMatchObject({ reserved_minor: 40_000n });
      valueOf(await sync(refund.id));
      expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
      await expectSound(t, paymentId);
    },
  );
});

describe('while nobody can be asked', () => {
  test('the state stays, and the reason is told', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const refund = await create(paymentId, 40_000n);
    await armFault(t, 'unauthorized', { operation: 'listRefunds', times: 3 });
    const requests = await watchRequests(t);
    const synced = valueOf(await sync(refund.id));
    expect(synced.problems).toMatchObject([{ type: 'ProviderProblem', code: 'AUTHENTICATION_FAILED' }]);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'UNKNOWN' });
    expect(await requests('createRefund')).toEqual([]);
  });
});

describe('a list that lags', () => {
  test('a refund that the list does not show yet is found by sending the same bytes again', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const refund = await create(paymentId, 40_000n);
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 3_600 });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(1);
    await expectSound(t, paymentId);
  });

  test('a repetition answered with the state of long ago is compared with the state of now', async () => {
    const paymentId = await t.payment('1500.00');
    await refundsAre(t, 'pending');
    await armFault(t, 'lost-after-effect');
    const refund = await create(paymentId, 40_000n);
    await t.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' });
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 3_600 });
    valueOf(await sync(refund.id));
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound(t, paymentId);
  });
});

describe('a provider that forgot the key', () => {
  test('has refunded twice: both are recorded, nothing more is refundable than is true', async () => {
    const paymentId = await t.payment('1500.00');
    await armFault(t, 'lost-after-effect');
    const refund = await create(paymentId, 40_000n);
    await armFault(t, 'list-lag', { operation: 'listRefunds', seconds: 3_600 });
    await armFault(t, 'key-forgotten');
    valueOf(await sync(refund.id));
    expect((await t.ledgerOf(paymentId)).refunds).toHaveLength(2);
    expect(await refundRow(t, refund.id)).toMatchObject({ status: 'SUCCEEDED' });
    // The next read of the payment finds the other one.
    await createRefund(hasty, t.caller(), refundCommand(paymentId, 200_000n));
    const rows = await refundRows(t, paymentId);
    expect(rows.map(({ origin, status }) => ({ origin, status }))).toEqual([
      { origin: 'API', status: 'SUCCEEDED' },
      { origin: 'EXTERNAL', status: 'SUCCEEDED' },
    ]);
    expect(await paymentRow(t, paymentId)).toMatchObject({ refunded_minor: 80_000n, reserved_minor: 0n });
  });
});
