import type { Kysely } from 'kysely';
import type { Alerts } from '../alerts.ts';
import { systemCause } from '../context.ts';
import { hasPaymentEvent, insertEvent } from '../db/events.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { PaymentFacts } from '../providers/provider.ts';

/**
 * Calls somebody where the provider names a smaller captured amount than is stored, once for every figure: the event says
 * that it was told, however often the payment is read. Under the payment's lock.
 */
export async function tellShrank(
  tx: Kysely<Database>,
  { alerts }: { readonly alerts: Alerts },
  payment: Payment,
  { state, capturedMinor }: Pick<PaymentFacts, 'state' | 'capturedMinor'>,
): Promise<void> {
  if (state !== 'CAPTURED' || capturedMinor >= payment.captured_minor) return;
  const kind = 'payment.shrank';
  const evidence = {
    capturedMinor: payment.captured_minor.toString(),
    providerCapturedMinor: capturedMinor.toString(),
  };
  if (await hasPaymentEvent(tx, payment.id, kind, evidence)) return;
  await insertEvent(tx, {
    merchantId: payment.merchant_id,
    paymentId: payment.id,
    kind,
    source: 'PROVIDER_READ',
    cause: systemCause,
    evidence,
  });
  alerts.raise(
    'PAYMENT_CAPTURED_SHRANK',
    { paymentId: payment.id },
    'the provider names a smaller captured amount than before; the smaller one limits refunds',
  );
}
