import { failure } from '../failure.ts';
import type { WireRequest } from '../http.ts';
import type { AccountAccess, VoidOutcome, VoidTarget } from '../provider.ts';
import { SEND_DEADLINE_MS } from './capabilities.ts';
import { unknown, withoutAnswer } from './errors.ts';
import { isInvoiceId } from './ids.ts';
import { readPaymentAlone } from './operation-state.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';
import { signatureOf } from './signatures.ts';

type Access = AccountAccess<RoboKassaCredentials, RoboKassaOptions>;

/** `Payment/Cancel` (docs.robokassa.ru/ru/holding): always the whole hold. The shop and its signature are added later. */
export function buildVoid({ providerPaymentId }: VoidTarget): WireRequest {
  if (!isInvoiceId(providerPaymentId)) throw new RangeError('RoboKassa has no payment with such a number.');
  return {
    method: 'POST',
    path: '/Merchant/Payment/Cancel',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `InvoiceID=${providerPaymentId}`,
  };
}

/** Sends the void once. What its answer says is not documented, so that the payment is read: its state decides. */
export async function sendVoid(
  access: Access,
  request: WireRequest,
  providerPaymentId: string,
  mayStillSend: () => boolean,
): Promise<VoidOutcome> {
  const { merchantLogin, password1 } = access.credentials;
  // Between the two colons a sum would stand: empty, also where one is sent along.
  const parts = [merchantLogin, '', providerPaymentId, password1];
  const added = new URLSearchParams({
    MerchantLogin: merchantLogin,
    SignatureValue: signatureOf(access.options.hashAlgorithm, parts),
  });
  const body = `${request.body}&${added.toString()}`;
  const options = { deadlineMs: SEND_DEADLINE_MS, mayStillSend };
  const result = await access.http.send({ ...request, body }, {}, options);
  if (result.kind !== 'answer') return withoutAnswer(result);

  const evidence = { httpStatus: result.status };
  const look = await readPaymentAlone(access, providerPaymentId);
  if (look.kind !== 'found') return unknown(evidence);
  const payment = look.value;
  if (payment.state === 'CANCELED') return { kind: 'accepted', payment, evidence };
  if (payment.state !== 'CAPTURED') return unknown(evidence);
  const captured = failure('PROVIDER_REJECTED', 'NEVER', 'The payment is captured: refund it instead.');
  return { kind: 'refused', payment, failure: captured, evidence };
}
