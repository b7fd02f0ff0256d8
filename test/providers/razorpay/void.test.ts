import { expect, test } from 'vitest';
import { razorpay } from '../../../src/providers/razorpay/index.ts';
import { KEY, openAccount, order, PAYMENT_ID } from './account.ts';

test('a hold cannot be released by a call: the capability says so, and nothing is ever sent', async () => {
  const { access, provider } = await openAccount(() => ({}));
  expect(razorpay.capabilities.voidAuthorized).toBe(false);
  expect(() =>
    razorpay.buildVoid({ providerPaymentId: PAYMENT_ID, handles: {}, state: 'AUTHORIZED' }, KEY),
  ).toThrow(/no call/);
  const request = razorpay.buildRefund(order);
  const outcome = await razorpay.sendVoid(access, request, PAYMENT_ID, () => true);
  expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'PROVIDER_REJECTED', retry: 'NEVER' } });
  expect(provider.requests).toHaveLength(0);
});

test('replaying stops before the key may be forgotten', () => {
  expect(razorpay.recovery).toMatchObject({ replayForMs: 23 * 3_600_000, lookUp: 'LIST_AND_MATCH' });
  expect(razorpay.recovery.replayForMs).toBeLessThan(razorpay.capabilities.idempotencyHours * 3_600_000);
});
