import type { Problem } from '../errors.ts';
import { cancelPayment } from '../refunds/cancel-payment.ts';
import type { FeeBearer, RefundReason } from '../vocabulary.ts';
import type { GraphQLContext } from './context.ts';
import { readNote, readWaitMs, within } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { readPaymentWish, type PaymentRefInput } from './payment-ref.ts';
import { refused, type CancelPaymentPayload } from './payloads.ts';

export interface CancelPaymentInput {
  readonly idempotencyKey: string;
  readonly payment: PaymentRefInput;
  readonly reason: RefundReason;
  readonly note?: string | null | undefined;
  readonly ifCaptured: 'REFUSE' | 'REFUND';
  readonly feeBearer?: FeeBearer | null | undefined;
  readonly waitMs?: number | null | undefined;
}

const refusedToCancel = (problems: readonly Problem[]): CancelPaymentPayload => ({
  ...refused(problems),
  outcome: null,
  paymentId: null,
});

/** Releases a hold; what was captured already is refunded only when `ifCaptured` says so. */
export async function resolveCancelPayment(
  context: GraphQLContext,
  input: CancelPaymentInput,
): Promise<CancelPaymentPayload> {
  const problems: Problem[] = [];
  const place = { path: ['input'], problems };
  const { idempotencyKey, reason, ifCaptured } = input;
  const note = readNote(place, input.note);
  const waitMs = readWaitMs(place, input.waitMs);
  const payment = readPaymentWish(within(place, 'payment'), input.payment);
  if (payment === undefined || problems.length > 0) return refusedToCancel(problems);
  const feeBearer = input.feeBearer ?? null;
  const command = { idempotencyKey, payment, reason, note, ifCaptured, feeBearer, waitMs };
  const result = await cancelPayment(context.world, context.caller, command);
  if (!result.ok) return refusedToCancel(result.problems);
  context.loaders.payment.clear(result.value.paymentId);
  if (result.value.refundId !== null) forget(context, result.value.refundId);
  return { ...result.value, problems: [] };
}
