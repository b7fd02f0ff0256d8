import { jsonAnswer } from '../../answers.ts';
import type { Answer } from '../../simulator.ts';
import type { Json, Scene } from '../connector.ts';
import { mintReference } from './ids.ts';
import { findPayment, readReference } from './request.ts';

/**
 * `POST /v68/payments/{pspReference}/cancels`: 201 `received`. A hold is released at once; of anything else the
 * notification says that it could not be canceled. Throws ApiError.
 */
export function cancelPayment(scene: Scene, id: string, body: Json | undefined): Answer {
  const { store, account, now } = scene;
  const payment = findPayment(scene, id, body);
  const cancellation = { id: mintReference(), reference: readReference(body?.['reference']) };
  const done = payment.status === 'authorized';
  if (done) store.putPayment({ ...payment, status: 'voided', voided: { ...cancellation, at: now } });
  scene.announce.cancellation(payment, { ...cancellation, done });
  const answer = {
    merchantAccount: account.adyen.merchantAccount,
    paymentPspReference: payment.id,
    pspReference: cancellation.id,
    reference: body?.['reference'],
    status: 'received',
  };
  return jsonAnswer(201, answer, done);
}
