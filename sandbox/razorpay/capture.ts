import { parseAmount } from './amount.ts';
import { ApiError } from './api-error.ts';
import type { PaymentRecord } from './records.ts';
import { refuseExtraFields } from './refund-request.ts';
import type { Store } from './store.ts';

const FIELDS = new Set(['amount', 'currency']);

/** `POST /payments/{id}/capture`: takes exactly the authorized amount; there is no partial capture. Throws 400. */
export function capturePayment(
  store: Store,
  payment: PaymentRecord,
  body: Record<string, unknown>,
  now: number,
): PaymentRecord {
  refuseExtraFields(body, FIELDS);
  const { amount, currency } = body;
  if (amount === undefined || currency === undefined) throw new ApiError('captureRequired');
  const amountMinor = parseAmount(amount);
  if (payment.status === 'captured') throw new ApiError('captureDone');
  if (payment.status !== 'authorized') throw new ApiError('captureStatus');
  if (currency !== payment.currency) throw new ApiError('captureCurrency');
  if (amountMinor !== payment.amountMinor) throw new ApiError('captureAmount');
  const captured: PaymentRecord = { ...payment, status: 'captured', capturedAt: now };
  store.putPayment(captured);
  return captured;
}
