import { jsonAnswer } from '../../answers.ts';
import type { Answer } from '../../simulator.ts';
import type { Json, Scene } from '../connector.ts';
import type { PaymentRecord } from '../records.ts';
import { ApiError } from '../texts.ts';
import { mintActionId } from './ids.ts';

/** `POST /payments/{id}/voids`: 202 with the id of an action; the hold is released. Throws ApiError. */
export function voidPayment({ store, now }: Scene, payment: PaymentRecord, body: Json | undefined): Answer {
  if (body === undefined) throw new ApiError('checkoutBody');
  const reference = readReference(body);
  if (payment.status !== 'authorized') throw new ApiError('checkoutVoidNotAllowed');
  const id = mintActionId();
  store.putPayment({ ...payment, status: 'voided', voided: { id, reference, at: now } });
  const links = { payment: { href: `/payments/${payment.id}` } };
  return jsonAnswer(202, { action_id: id, reference: reference ?? undefined, _links: links }, true);
}

/** The payment that a path names, of this account. Throws ApiError. */
export function findPayment({ store, account }: Scene, id: string): PaymentRecord {
  const payment = store.payments.get(id);
  if (payment === undefined || payment.connector !== 'checkout' || payment.account !== account.account) {
    throw new ApiError('checkoutUnknown');
  }
  return payment;
}

/** The merchant's own reference of an action, which is optional. Throws ApiError. */
export function readReference({ reference }: Json): string | null {
  if (reference === undefined || reference === null || reference === '') return null;
  if (typeof reference !== 'string') throw new ApiError('checkoutReference');
  return reference;
}
