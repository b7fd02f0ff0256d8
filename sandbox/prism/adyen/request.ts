import type { Json, Scene } from '../connector.ts';
import type { PaymentRecord } from '../records.ts';
import { ApiError } from '../texts.ts';

/** The payment of a modification, with the merchant account of the body checked. Throws ApiError. */
export function findPayment({ store, account }: Scene, id: string, body: Json | undefined): PaymentRecord {
  if (body === undefined) throw new ApiError('adyenBody');
  if (body['merchantAccount'] !== account.adyen.merchantAccount) throw new ApiError('adyenMerchant');
  const payment = store.payments.get(id);
  if (payment === undefined || payment.connector !== 'adyen' || payment.account !== account.account) {
    throw new ApiError('adyenReference');
  }
  return payment;
}

/** The merchant's own reference of a modification, which is optional. Throws ApiError. */
export function readReference(reference: unknown): string | null {
  if (reference === undefined || reference === '') return null;
  if (typeof reference !== 'string') throw new ApiError('adyenBody');
  return reference;
}
