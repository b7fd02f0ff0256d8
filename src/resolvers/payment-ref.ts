import type { Problem } from '../errors.ts';
import type { DeclaredPayment } from '../refunds/declared-facts.ts';
import type { PaymentRef } from '../refunds/payment-ref.ts';
import { decodeGlobalId } from './global-id.ts';
import { readOptionalText, within, type Place } from './input-rules.ts';
import { readPositiveMoney, type MoneyInput } from './read-money.ts';
import { isStorable } from './text.ts';

export interface DeclaredPaymentInput {
  readonly captured: MoneyInput;
  readonly capturedAt?: Date | null | undefined;
  readonly orderReference?: string | null | undefined;
}

/** Exactly one of the two: the schema says `@oneOf`. */
export interface PaymentRefInput {
  readonly id?: string | number | null | undefined;
  readonly provider?:
    | {
        readonly account: string;
        readonly paymentId: string;
        readonly declared?: DeclaredPaymentInput | null | undefined;
      }
    | null
    | undefined;
}

const MAX_ORDER_REFERENCE_LENGTH = 256;

/** Undefined when the id is malformed or names something else, which is answered like an absent payment. */
export function readPaymentRef(input: PaymentRefInput): PaymentRef | undefined {
  if (input.provider) {
    const { account, paymentId } = input.provider;
    return isStorable(account) && isStorable(paymentId) ? { account, paymentId } : undefined;
  }
  const id = decodeGlobalId('Payment', String(input.id ?? ''));
  return id === undefined ? undefined : { id };
}

/** The payment that a mutation names, with what its caller declares of it; `place` is that of the reference. */
export function readPaymentWish(place: Place, input: PaymentRefInput): PaymentRef | undefined {
  const ref = readPaymentRef(input);
  const declared = input.provider?.declared;
  if (ref === undefined) place.problems.push(paymentNotFound);
  if (ref === undefined || 'id' in ref || !declared) return ref;
  const read = readDeclared(within(place, 'provider', 'declared'), declared);
  return read && { ...ref, declared: read };
}

function readDeclared(place: Place, input: DeclaredPaymentInput): DeclaredPayment | undefined {
  const captured = readPositiveMoney(within(place, 'captured'), input.captured);
  const at = within(place, 'orderReference');
  const orderReference = readOptionalText(at, input.orderReference, MAX_ORDER_REFERENCE_LENGTH);
  return captured && { captured, capturedAt: input.capturedAt ?? null, orderReference };
}

/** The same answer as the rules give for a payment that does not exist. */
export const paymentNotFound: Problem = {
  type: 'NotFound',
  code: 'PAYMENT_NOT_FOUND',
  message: 'There is no such payment. Check the account code and the payment id.',
  path: ['input', 'payment'],
  retry: 'NEW_REQUEST',
};
