import type { Problem } from '../errors.ts';
import type { PaymentRef } from '../refunds/payment-ref.ts';
import { decodeGlobalId } from './global-id.ts';
import { isStorable } from './text.ts';

/** Exactly one of the two: the schema says `@oneOf`. */
export interface PaymentRefInput {
  readonly id?: string | number | null | undefined;
  readonly provider?: { readonly account: string; readonly paymentId: string } | null | undefined;
}

/** Undefined when the id is malformed or names something else, which is answered like an absent payment. */
export function readPaymentRef(input: PaymentRefInput): PaymentRef | undefined {
  if (input.provider) {
    const { account, paymentId } = input.provider;
    return isStorable(account) && isStorable(paymentId) ? { account, paymentId } : undefined;
  }
  const id = decodeGlobalId('Payment', String(input.id ?? ''));
  return id === undefined ? undefined : { id };
}

/** The same answer as the rules give for a payment that does not exist. */
export const paymentNotFound: Problem = {
  type: 'NotFound',
  code: 'PAYMENT_NOT_FOUND',
  message: 'There is no such payment. Check the account code and the payment id.',
  path: ['input', 'payment'],
  retry: 'NEW_REQUEST',
};
