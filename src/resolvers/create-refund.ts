import type { Problem } from '../errors.ts';
import { createRefund, type CreateRefundCommand } from '../refunds/create-refund.ts';
import type { RefundReason } from '../vocabulary.ts';
import type { GraphQLContext } from './context.ts';
import { complain, readNote, readReference, readWaitMs, within, type Place } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { paymentNotFound, readPaymentRef, type PaymentRefInput } from './payment-ref.ts';
import { refused, type RefundPayload } from './payloads.ts';
import { readMetadata } from './read-metadata.ts';
import { readPositiveMoney, type MoneyInput } from './read-money.ts';
import { readReceipt, type FiscalReceiptInput } from './read-receipt.ts';

export interface CreateRefundInput {
  readonly idempotencyKey: string;
  readonly payment: PaymentRefInput;
  /** Exactly one of the two: the schema says `@oneOf`. */
  readonly amount: {
    readonly remaining?: boolean | null | undefined;
    readonly money?: MoneyInput | null | undefined;
  };
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
  forget(context, result.value.refundId);
  return { ...result.value, problems: [] };
}

function readCommand(place: Place, input: CreateRefundInput): CreateRefundCommand | undefined {
  const payment = readPaymentRef(input.payment);
  if (payment === undefined) place.problems.push(paymentNotFound);
  const amount = readAmount(within(place, 'amount'), input.amount);
  const rest = {
    idempotencyKey: input.idempotencyKey,
    reason: input.reason,
    note: readNote(place, input.note),
    reference: readReference(place, input.reference),
    metadata: readMetadata(place, input.metadata),
    receipt: readReceipt(place, input.receipt, amount?.kind === 'money' ? amount.money : undefined),
    waitMs: readWaitMs(place, input.waitMs),
  };
  return payment === undefined || amount === undefined ? undefined : { payment, amount, ...rest };
}

function readAmount(
  place: Place,
  { money, remaining }: CreateRefundInput['amount'],
): CreateRefundCommand['amount'] | undefined {
  if (money) {
    const read = readPositiveMoney(within(place, 'money'), money);
    return read && { kind: 'money', money: read };
  }
  if (remaining === true) return { kind: 'remaining' };
  complain(within(place, 'remaining'), 'remaining can only be true. Give "money" for another amount.');
  return undefined;
}
