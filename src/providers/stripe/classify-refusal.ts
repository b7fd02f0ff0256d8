import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { Money } from '../../money.ts';
import type { Look, PaymentSight } from '../provider.ts';
import type { WireError } from './wire.ts';

export interface Refusal {
  readonly error: WireError;
  readonly requested: Money;
  /** The payment and its refunds, read again after the refusal. */
  readonly sight: Look<PaymentSight>;
}

type Reason = readonly [code: Failure['code'], retry: Failure['retry'], message: string];

const rejected: Reason = [
  'PROVIDER_REJECTED',
  'ASK_A_HUMAN',
  'Stripe refused this refund; its answer is kept as evidence.',
];
const absent: Reason = ['PAYMENT_NOT_FOUND', 'NEVER', 'Stripe does not know this payment in this account.'];
const notCaptured: Reason = [
  'PAYMENT_NOT_REFUNDABLE',
  'NEVER',
  'A payment that is not captured takes no refunds.',
];
const notRefundable: Reason = [
  'PAYMENT_NOT_REFUNDABLE',
  'NEVER',
  'Stripe takes no refunds of this payment, such as one that is disputed.',
];
const refunded: Reason = ['PAYMENT_NOT_REFUNDABLE', 'NEVER', 'The whole payment has been refunded already.'];
const exceeds: Reason = [
  'AMOUNT_EXCEEDS_REFUNDABLE',
  'NEVER',
  'The amount is more than what is left to refund.',
];
const busy: Reason = [
  'ANOTHER_OPERATION_IN_PROGRESS',
  'WAIT',
  'Another refund of this payment is not finished yet.',
];
const badAmount: Reason = ['INVALID_AMOUNT', 'NEVER', 'Stripe does not take this amount.'];
const balance: Reason = [
  'INSUFFICIENT_FUNDS',
  'RETRY_REFUND',
  'The balance at Stripe does not cover this refund. Retry it later.',
];

/** docs.stripe.com/error-codes; that of ISK is of support.stripe.com, "Deprecation of fractional ISK charges and refunds". */
const codeReasons: ReadonlyMap<string | undefined, Reason> = new Map([
  ['amount_too_large', exceeds],
  ['amount_too_small', badAmount],
  ['balance_insufficient', balance],
  ['charge_already_refunded', refunded],
  ['charge_disputed', notRefundable],
  ['charge_not_refundable', notRefundable],
  ['insufficient_funds', balance],
  ['invalid_charge_amount', badAmount],
  ['invalid_charge_amount_no_decimal_compatible', badAmount],
  ['parameter_invalid_integer', badAmount],
  ['payment_intent_unexpected_state', notRefundable],
  ['refund_disputed_payment', notRefundable],
]);

/**
 * Why `POST /refunds` was refused: by the state of the payment, then by the code, then by the parameter. Stripe has no
 * code for too much (nor, as far as is known, for too old). The first that explains the refusal wins; what nothing
 * explains is PROVIDER_REJECTED. Texts for people are never read.
 */
export function classifyRefusal({ error, requested, sight }: Refusal): Failure {
  const [code, retry, message] =
    byState(requested, sight) ?? codeReasons.get(error.code) ?? byRest(error, sight) ?? rejected;
  return failure(code, retry, message, error.code ?? null);
}

function byState(requested: Money, sight: Look<PaymentSight>): Reason | undefined {
  if (sight.kind === 'absent') return absent;
  if (sight.kind === 'unavailable') return undefined;
  const { payment } = sight.value;
  if (payment.state !== 'CAPTURED') return notCaptured;
  if (!payment.refundableByProvider) return notRefundable;
  if (requested.currency !== payment.amount.currency)
    return ['CURRENCY_MISMATCH', 'NEVER', `This payment was made in ${payment.amount.currency}.`];
  const { available, pending } = left(sight.value);
  if (available + pending <= 0n) return refunded;
  if (requested.minor > available + pending) return exceeds;
  return requested.minor > available ? busy : undefined;
}

function byRest({ code, param }: WireError, sight: Look<PaymentSight>): Reason | undefined {
  // That the payment is missing would contradict one that was read.
  if (code === 'resource_missing') return sight.kind === 'found' ? rejected : absent;
  return param === 'amount' ? badAmount : undefined;
}

/** Minor units. `available` has refunds that are not final taken off. */
function left({ payment, refunds }: PaymentSight): { available: bigint; pending: bigint } {
  let pending = 0n;
  for (const { status, amount } of refunds)
    if (status === 'PENDING' || status === 'UNRECOGNISED') pending += amount.minor;
  return { available: payment.capturedMinor - (payment.refundedMinor ?? 0n) - pending, pending };
}
