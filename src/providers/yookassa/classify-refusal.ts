import { failure } from '../failure.ts';
import type { Failure } from '../../errors.ts';
import type { Money } from '../../money.ts';
import type { Look, PaymentSight } from '../provider.ts';
import type { WireError } from './wire.ts';

export interface Refusal {
  readonly status: number;
  readonly error: WireError;
  readonly requested: Money;
  /** The payment and its refunds, read again after the refusal. */
  readonly sight: Look<PaymentSight>;
  readonly now: Date;
}

/**
 * Why `POST /refunds` was refused. YooKassa has no business code beyond `invalid_request`, and its texts change, so the
 * reason comes from the status, the code, the parameter and the state of the payment. The order of the rules is
 * part of the answer: the first that explains the refusal wins.
 */
export function classifyRefusal({ status, error, requested, sight, now }: Refusal): Failure {
  const providerCode = error.code ?? null;
  const because = (code: Failure['code'], retry: Failure['retry'], message: string): Failure =>
    failure(code, retry, message, providerCode);
  const rejected = (): Failure =>
    because(
      'PROVIDER_REJECTED',
      'ASK_A_HUMAN',
      'YooKassa refused this refund; its answer is kept as evidence.',
    );

  // 405, 410 and 415 are about the request itself: the payment explains nothing.
  if (status !== 400 && status !== 404) return rejected();
  if (error.code === 'not_supported') {
    return because('PAYMENT_NOT_REFUNDABLE', 'NEVER', 'The payment method of this payment takes no refunds.');
  }
  if (sight.kind === 'absent') {
    return because('PAYMENT_NOT_FOUND', 'NEVER', 'YooKassa does not know this payment in this shop.');
  }
  if (sight.kind === 'unavailable' || status === 404) return rejected();

  const { payment } = sight.value;
  if (payment.state !== 'CAPTURED') {
    return because('PAYMENT_NOT_REFUNDABLE', 'NEVER', `A payment that is ${payment.state} takes no refunds.`);
  }
  // Before `refundable`, which may have turned false for this very reason.
  if (payment.refundWindowClosesAt !== null && payment.refundWindowClosesAt <= now) {
    return because(
      'REFUND_WINDOW_EXPIRED',
      'NEVER',
      'The time in which this payment could be refunded is over.',
    );
  }
  if (!payment.refundableByProvider) {
    return because('PAYMENT_NOT_REFUNDABLE', 'NEVER', 'YooKassa takes no refunds of this payment.');
  }
  if (requested.currency !== payment.amount.currency) {
    return because('CURRENCY_MISMATCH', 'NEVER', `This payment was made in ${payment.amount.currency}.`);
  }
  if (requested.minor <= 0n) return because('INVALID_AMOUNT', 'NEVER', 'The amount is not above zero.');

  const { available, pending } = left(sight.value);
  if (requested.minor > available + pending) {
    return because('AMOUNT_EXCEEDS_REFUNDABLE', 'NEVER', 'The amount is more than what is left to refund.');
  }
  if (requested.minor > available) {
    return because(
      'ANOTHER_OPERATION_IN_PROGRESS',
      'WAIT',
      'Another refund of this payment is not finished yet.',
    );
  }
  if (error.parameter?.startsWith('amount')) {
    return because(
      'INVALID_AMOUNT',
      'NEVER',
      'YooKassa does not take this amount, such as one below its minimum.',
    );
  }
  return rejected();
}

/** Minor units. `available` has pending refunds taken off; the provider's own sum counts succeeded ones only. */
function left({ payment, refunds }: PaymentSight): { available: bigint; pending: bigint } {
  let succeeded = 0n;
  let pending = 0n;
  for (const refund of refunds) {
    if (refund.status === 'SUCCEEDED') succeeded += refund.amount.minor;
    else if (refund.status !== 'FAILED') pending += refund.amount.minor;
  }
  // The list may lag behind the payment, or the other way round: the larger sum is the later truth.
  const told = payment.refundedMinor ?? 0n;
  const refunded = told > succeeded ? told : succeeded;
  return { available: payment.capturedMinor - refunded - pending, pending };
}
