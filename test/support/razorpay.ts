import type { CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { armFault, refundCommand } from './rules.ts';
import type { TestWorld } from './world.ts';

/** What the tests of both providers share, at Razorpay and in ringgit. */
const provider = 'razorpay';
export const ACCOUNT = 'razorpay-demo';

/** A new captured payment; returns the provider's id. */
export const razorpayPayment = (
  t: TestWorld,
  value: string,
  more: Record<string, unknown> = {},
): Promise<string> => t.payment(value, { provider, amount: { value, currency: 'MYR' }, ...more });

export const razorpayCommand = (
  paymentId: string,
  minor: bigint | 'remaining',
  more: Partial<CreateRefundCommand> = {},
): CreateRefundCommand =>
  refundCommand(paymentId, minor, {
    payment: { account: ACCOUNT, paymentId },
    ...(minor === 'remaining' ? {} : { amount: { kind: 'money', money: { minor, currency: 'MYR' } } }),
    ...more,
  });

/** Arms a fault of createRefund, unless `more` names another operation. */
export const armRazorpay = (
  t: TestWorld,
  kind: string,
  more: Record<string, unknown> = {},
): Promise<unknown> => armFault(t, kind, { provider, ...more });

export const razorpayMode = (t: TestWorld, mode: Record<string, unknown>): Promise<unknown> =>
  t.control('mode', { provider, ...mode });

export const settleRazorpay = (
  t: TestWorld,
  status: 'succeeded' | 'failed',
  more: Record<string, unknown> = { all: true },
): Promise<unknown> => t.control('settle', { provider, status, ...more });
