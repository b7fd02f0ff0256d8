import { ApiError } from './api-error.ts';
import { stepOf } from './currencies.ts';
import type { Form } from './form.ts';
import { changedMetadata, integerOf, refuseUnknown, wordOf } from './params.ts';
import type { PaymentRecord } from './records.ts';
import type { Store } from './store.ts';
import { paymentView } from './view.ts';

const CANCELABLE: readonly string[] = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
  'processing',
];
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'];

/**
 * `POST /v1/payment_intents/{id}/cancel` (docs.stripe.com/api/payment_intents/cancel): releases what is held. Throws 400,
 * which shows the intent when its state is the cause.
 */
export function cancelPayment(store: Store, payment: PaymentRecord, form: Form, now: number): PaymentRecord {
  refuseUnknown(form, ['cancellation_reason']);
  const reason = wordOf(form, 'cancellation_reason', REASONS);
  if (!CANCELABLE.includes(payment.status)) {
    throw new ApiError('cancelState', { id: payment.status }, undefined, paymentView(payment));
  }
  const canceled: PaymentRecord = {
    ...payment,
    status: 'canceled',
    canceledAt: now,
    cancellationReason: reason,
    releasedMinor: payment.status === 'requires_capture' ? payment.amountMinor : 0n,
  };
  store.putPayment(canceled);
  return canceled;
}

/**
 * `POST /v1/payment_intents/{id}/capture` (docs.stripe.com/api/payment_intents/capture): takes the whole hold or, by
 * `amount_to_capture`, a part and releases the rest. Throws 400.
 */
export function capturePayment(store: Store, payment: PaymentRecord, form: Form, now: number): PaymentRecord {
  refuseUnknown(form, ['amount_to_capture', 'metadata']);
  const wantedMinor = integerOf(form, 'amount_to_capture', 1n);
  const metadata = changedMetadata(form, payment.metadata);
  if (payment.status !== 'requires_capture') {
    throw new ApiError('captureState', { id: payment.status }, undefined, paymentView(payment));
  }
  const capturedMinor = wantedMinor ?? payment.amountMinor;
  if (capturedMinor > payment.amountMinor) throw new ApiError('captureAbove');
  const step = stepOf(payment.currency);
  if (capturedMinor % step !== 0n)
    throw new ApiError('amountStep', { limit: step.toString() }, 'amount_to_capture');
  const captured: PaymentRecord = {
    ...payment,
    status: 'succeeded',
    capturedMinor,
    releasedMinor: payment.amountMinor - capturedMinor,
    capturedAt: now,
    metadata,
  };
  store.putPayment(captured);
  return captured;
}
