import type { CancelPaymentCommand } from '../../src/refunds/cancel-payment.ts';
import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import type { Currency } from '../../src/money.ts';
import { armFault, newKey, refundCommand } from './rules.ts';
import type { TestWorld } from './world.ts';

/** What the tests of Stripe share, in dollars unless they say otherwise. */
const provider = 'stripe';
export const ACCOUNT = 'stripe-demo';

/** A new captured payment; returns the provider's id. */
export const stripePayment = (
  t: TestWorld,
  value: string,
  more: Record<string, unknown> = {},
): Promise<string> => t.payment(value, { provider, amount: { value, currency: 'USD' }, ...more });

export const stripeCommand = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
  currency: Currency = 'USD',
): CreateRefundCommand =>
  refundCommand(paymentId, minor, {
    payment: { account: ACCOUNT, paymentId },
    ...(minor === 'remaining' ? {} : { amount: { kind: 'money', money: { minor, currency } } }),
    ...more,
  });

/** A cancelPayment as a caller would send it. */
export const stopCommand = (
  paymentId: string,
  more: Partial<CancelPaymentCommand> = {},
): CancelPaymentCommand => ({
  idempotencyKey: newKey(),
  payment: { account: ACCOUNT, paymentId },
  reason: 'OTHER',
  note: null,
  ifCaptured: 'REFUSE',
  feeBearer: null,
  waitMs: 10_000,
  ...more,
});

/** Arms a fault of createRefund, unless `more` names another operation. */
export const armStripe = (t: TestWorld, kind: string, more: Record<string, unknown> = {}): Promise<unknown> =>
  armFault(t, kind, { provider, ...more });

export const stripeMode = (t: TestWorld, mode: Record<string, unknown>): Promise<unknown> =>
  t.control('mode', { provider, ...mode });

export const settleStripe = (
  t: TestWorld,
  status: 'succeeded' | 'failed' | 'canceled' | 'reversed',
  more: Record<string, unknown> = { all: true },
): Promise<unknown> => t.control('settle', { provider, status, ...more });
