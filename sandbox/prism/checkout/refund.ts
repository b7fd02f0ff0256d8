import { jsonAnswer } from '../../answers.ts';
import type { Answer } from '../../simulator.ts';
import type { Json, Scene } from '../connector.ts';
import type { PaymentRecord } from '../records.ts';
import { openRefund, wireMinor } from '../refunds.ts';
import { ApiError } from '../texts.ts';
import { mintActionId } from './ids.ts';
import { readReference } from './void.ts';

/**
 * `POST /payments/{id}/refunds`: 202 with the id of an action. The request has an amount and no currency: it is in the
 * payment's; without an amount it takes what is left. Throws ApiError.
 */
export function createRefund(scene: Scene, payment: PaymentRecord, body: Json | undefined): Answer {
  const { store, now, forced } = scene;
  if (body === undefined) throw new ApiError('checkoutBody');
  const reference = readReference(body);
  if (payment.status !== 'captured') throw new ApiError('checkoutNotAllowed');
  const left = store.leftMinor(payment);
  const amountMinor = body['amount'] === undefined ? left : wireMinor(body['amount']);
  if (amountMinor === undefined) throw new ApiError('checkoutAmount');
  if (amountMinor > left || left === 0n) throw new ApiError('checkoutExceeds');
  const accepted = { id: mintActionId(), amountMinor, reference, origin: 'api', forced } as const;
  const refund = openRefund(store, payment, accepted, now);
  const links = { payment: { href: `/payments/${payment.id}` } };
  return jsonAnswer(202, { action_id: refund.id, reference: reference ?? undefined, _links: links }, true);
}
