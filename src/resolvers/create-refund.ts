import { notFound, type Problem } from '../errors.ts';
import { createRefund, type CreateRefundCommand } from '../refunds/create-refund.ts';
import type { RefundId } from '../ids.ts';
import type { FeeBearer, RefundReason, RefundSpeed } from '../vocabulary.ts';
import type { GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { readNote, readReference, readWaitMs, within, type Place } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { readPaymentWish, type PaymentRefInput } from './payment-ref.ts';
import { refused, type RefundPayload } from './payloads.ts';
import { readAmount, type RefundAmountInput } from './read-amount.ts';
import { readMetadata } from './read-metadata.ts';
import { readAmountFromZero, type MoneyInput } from './read-money.ts';
import { readReceipt, type FiscalReceiptInput } from './read-receipt.ts';

export interface CreateRefundInput {
  readonly idempotencyKey: string;
  readonly payment: PaymentRefInput;
  readonly amount: RefundAmountInput;
  readonly feeBearer?: FeeBearer | null | undefined;
  readonly speed?: RefundSpeed | null | undefined;
  readonly expectedRefundable?: MoneyInput | null | undefined;
  readonly replaces?: string | number | null | undefined;
  readonly reason: RefundReason;
  readonly note?: string | null | undefined;
  readonly reference?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly receipt?: FiscalReceiptInput | null | undefined;
  readonly waitMs?: number | null | undefined;
}

/** Checks the whole input first: when a problem is answered, nothing was sent and nothing is reserved. */
export async function resolveCreateRefund(
  context: GraphQLContext,
  input: CreateRefundInput,
): Promise<RefundPayload> {
  const problems: Problem[] = [];
  const command = readCommand({ path: ['input'], problems }, input);
  if (command === undefined || problems.length > 0) return refused(problems);
  const result = await createRefund(context.world, context.caller, command);
  if (!result.ok) return refused(result.problems);
  const { refundId, replayed, refund } = result.value;
  forget(context, refundId);
  // Committed a moment ago, and nobody was told of it yet: what a read would find, or what it had just missed.
  if (refund !== undefined) context.loaders.refund.prime(refundId, refund);
  return { refundId, replayed, problems: [] };
}

function readCommand(place: Place, input: CreateRefundInput): CreateRefundCommand | undefined {
  const payment = readPaymentWish(within(place, 'payment'), input.payment);
  const amount = readAmount(within(place, 'amount'), input.amount);
  const { expectedRefundable } = input;
  const rest = {
    idempotencyKey: input.idempotencyKey,
    feeBearer: input.feeBearer ?? null,
    speed: input.speed ?? null,
    expectedRefundable: expectedRefundable
      ? (readAmountFromZero(within(place, 'expectedRefundable'), expectedRefundable) ?? null)
      : null,
    replaces: readReplaces(within(place, 'replaces'), input.replaces),
    reason: input.reason,
    note: readNote(place, input.note),
    reference: readReference(place, input.reference),
    metadata: readMetadata(place, input.metadata),
    receipt: readReceipt(place, input.receipt, amount?.kind === 'money' ? amount.money : undefined),
    waitMs: readWaitMs(place, input.waitMs),
  };
  return payment === undefined || amount === undefined ? undefined : { payment, amount, ...rest };
}

/** An id of nothing is answered like one of another merchant. */
function readReplaces(place: Place, id: string | number | null | undefined): RefundId | null {
  if (id === null || id === undefined) return null;
  const refundId = decodeGlobalId('Refund', String(id));
  if (refundId === undefined) place.problems.push(notFound(place.path, 'The refund to replace'));
  return refundId ?? null;
}
