import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VoidTarget } from '../../src/providers/provider.ts';
import { cancelPayment } from '../../src/refunds/cancel-payment.ts';
import { seePayment } from '../../src/refunds/see-payment.ts';
import {
  clearFaults,
  expectSound,
  newKey,
  paymentRow,
  problemOf,
  valueOf,
  watchRequests,
} from '../support/rules.ts';
import { createTestWorld, type TestWorld } from '../support/world.ts';
import {
  ACCOUNT,
  armYandex,
  resetYandex,
  settleYandex,
  UZBEK_ACCOUNT,
  yandexMode,
  yandexOrder,
} from '../support/yandex-pay.ts';

let t: TestWorld;
beforeAll(async () => {
  t = await createTestWorld('yandex_pay_cancel');
});
afterAll(() => t.close());
beforeEach(async () => {
  await clearFaults(t);
  await resetYandex(t);
});

const connection = (account = ACCOUNT) =>
  t.world.connections.findByCode(t.caller().viewer.merchantId, account)!;
const cancel = (paymentId: string, idempotencyKey = newKey()) =>
  cancelPayment(t.world, t.caller(), {
    idempotencyKey,
    payment: { account: ACCOUNT, paymentId },
    reason: 'OTHER',
    note: null,
    ifCaptured: 'REFUSE',
    feeBearer: null,
    waitMs: 10_000,
  });
const held = () => yandexOrder(t, '2000.00', { status: 'authorized' });

describe('a hold', () => {
  test('is released', async () => {
    const paymentId = await held();
    expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'VOIDED' });
    expect(await paymentRow(t, paymentId)).toMatchObject({ state: 'CANCELED', captured_minor: 0n });
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'VOIDED', voided: true, refunds: [] });
    await expectSound(t, paymentId);
  });

  test('whose release takes its time is IN_PROGRESS until it has ended', async () => {
    await yandexMode(t, { holdOperations: 'pending' });
    const paymentId = await held();
    const key = newKey();
    expect(valueOf(await cancel(paymentId, key))).toMatchObject({ outcome: 'IN_PROGRESS' });
    await settleYandex(t, 'succeeded');
    expect(valueOf(await cancel(paymentId, key))).toMatchObject({ outcome: 'VOIDED', replayed: true });
    await expectSound(t, paymentId);
  });

  test('whose answer was lost is found out, and released once', async () => {
    const paymentId = await held();
    await armYandex(t, 'lost-after-effect', { operation: 'cancelPayment' });
    const requests = await watchRequests(t, 'yandex-pay');
    expect(valueOf(await cancel(paymentId))).toMatchObject({ outcome: 'VOIDED' });
    expect(await requests('cancelPayment')).toHaveLength(1);
  });

  test('that was captured a moment ago is not released', async () => {
    const paymentId = await held();
    await seePayment(t.world, connection(), paymentId);
    await armYandex(t, 'refuse', { operation: 'cancelPayment', code: 'statusWrong' });
    expect(problemOf(await cancel(paymentId))).toMatchObject({ type: 'NotCancelable' });
  });
});

describe('a rollback', () => {
  /** As the rules send it: built for what the payment was a moment ago. */
  async function rollBack(paymentId: string, account = ACCOUNT) {
    const { adapter, access } = connection(account);
    const target: VoidTarget = { providerPaymentId: paymentId, handles: {}, state: 'PENDING' };
    const key = newKey().padEnd(40, '0');
    return adapter.sendVoid(access, adapter.buildVoid(target, key), paymentId, () => true);
  }

  test.each(['PENDING', 'null'])('stops an order that waits for its payment (%s)', async (unpaidStatus) => {
    await yandexMode(t, { unpaidStatus });
    for (const [account, currency] of [
      [ACCOUNT, 'RUB'],
      [UZBEK_ACCOUNT, 'UZS'],
    ] as const) {
      const paymentId = await t.payment('700.00', {
        provider: 'yandex-pay',
        account,
        amount: { value: '700.00', currency },
        status: 'pending',
      });
      expect(await rollBack(paymentId, account)).toMatchObject({
        kind: 'accepted',
        payment: { state: 'FAILED' },
      });
      expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'FAILED', refunds: [] });
      expect(await rollBack(paymentId, account)).toMatchObject({
        kind: 'accepted',
        evidence: { sent: false },
      });
    }
  });

  test('of an order that was paid a moment ago is not sent: nothing goes back without an id', async () => {
    const paymentId = await yandexOrder(t, '700.00');
    const requests = await watchRequests(t, 'yandex-pay');
    expect(await rollBack(paymentId)).toMatchObject({
      kind: 'refused',
      payment: { state: 'CAPTURED', capturedMinor: 70_000n },
    });
    expect(await requests('cancelPayment')).toEqual([]);
    expect(await t.ledgerOf(paymentId)).toMatchObject({ status: 'CAPTURED', refunds: [] });
  });

  test.each([
    ['held', { status: 'authorized' }],
    ['confirmed, to be paid on delivery', { status: 'authorized', method: 'split' }],
  ])('of an order that is %s is not sent', async (_what, more) => {
    const paymentId = await yandexOrder(t, '700.00', more);
    const requests = await watchRequests(t, 'yandex-pay');
    expect(await rollBack(paymentId)).toMatchObject({ kind: 'refused' });
    expect(await requests('cancelPayment')).toEqual([]);
  });

  test('whose answer was lost is unknown, and asking again finds it done', async () => {
    const paymentId = await yandexOrder(t, '700.00', { status: 'pending' });
    await armYandex(t, 'lost-after-effect', { operation: 'cancelPayment' });
    expect(await rollBack(paymentId)).toMatchObject({ kind: 'unknown' });
    expect(await rollBack(paymentId)).toMatchObject({ kind: 'accepted', evidence: { sent: false } });
  });
});
