import { z } from 'zod';
import type { Failure } from '../../errors.ts';
import type { AccountAccess, Look, PaymentFacts, PaymentSight } from '../provider.ts';
import { authenticationFailed, readFailure, rejected, unavailable } from './errors.ts';
import { isInvoiceId } from './ids.ts';
import { paymentFacts, wireOperation } from './payment.ts';
import type { RoboKassaCredentials, RoboKassaOptions } from './settings.ts';
import { signatureOf } from './signatures.ts';
import { readXml } from './xml.ts';

type Access = AccountAccess<RoboKassaCredentials, RoboKassaOptions>;

const wireAnswer = z.object({
  OperationStateResponse: z.object({ Result: z.object({ Code: z.string() }) }),
});
const wireState = z.object({ OperationStateResponse: wireOperation });

/**
 * The payment by its invoice. Its refunds are told nowhere: there is no list, and the state of the payment does not
 * change by them.
 */
export async function readPayment(access: Access, providerPaymentId: string): Promise<Look<PaymentSight>> {
  const look = await readPaymentAlone(access, providerPaymentId);
  return look.kind === 'found' ? { kind: 'found', value: { payment: look.value, refunds: [] } } : look;
}

/**
 * `OpStateExt` (docs.robokassa.ru/ru/xml-interfaces), as a form, so that no signature stands in a URL. Business errors
 * come with HTTP 200; the answer does not repeat the invoice.
 */
export async function readPaymentAlone(access: Access, invoiceId: string): Promise<Look<PaymentFacts>> {
  if (!isInvoiceId(invoiceId)) return { kind: 'absent' };
  const { merchantLogin, password2 } = access.credentials;
  const Signature = signatureOf(access.options.hashAlgorithm, [merchantLogin, invoiceId, password2]);
  const form = new URLSearchParams({ MerchantLogin: merchantLogin, InvoiceID: invoiceId, Signature });
  const request = {
    method: 'POST',
    path: '/Merchant/WebService/Service.asmx/OpStateExt',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  } as const;
  const result = await access.http.read(request, {});
  const text = result.kind === 'answer' && result.status === 200 ? result.text : '';
  const xml = readXml(text);
  const answer = wireAnswer.safeParse(xml);
  if (!answer.success) return { kind: 'unavailable', failure: readFailure(result) };
  const code = answer.data.OperationStateResponse.Result.Code;
  if (code === '3') return { kind: 'absent' };
  if (code !== '0') return { kind: 'unavailable', failure: failureOf(code) };
  const state = wireState.safeParse(xml);
  const facts = state.success
    ? paymentFacts(invoiceId, state.data.OperationStateResponse, access.options)
    : undefined;
  return facts === undefined
    ? {
        kind: 'unavailable',
        failure: unavailable('RoboKassa describes this payment in a way that cannot be read.'),
      }
    : { kind: 'found', value: facts };
}

/** `Result/Code` (docs.robokassa.ru/ru/xml-interfaces) but for 0, and 3 for a payment that does not exist. */
function failureOf(code: string): Failure {
  switch (code) {
    case '1':
    case '2':
      return authenticationFailed(code);
    case '4':
      return rejected('RoboKassa has two operations with this number, one of them a test.', code);
    default:
      return unavailable('RoboKassa could not answer.', /^\d{1,9}$/.test(code) ? code : null);
  }
}
