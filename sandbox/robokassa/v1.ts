import type { Answer, ProviderRequest } from '../simulator.ts';
import { findLogin, type Shop } from './accounts.ts';
import { kopecksOf } from './amount.ts';
import { createRefund } from './create-refund.ts';
import type { PaymentRecord, RefundStatus } from './records.ts';
import { Rejection } from './rejection.ts';
import type { Scene } from './scene.ts';
import { isSignature } from './signature.ts';
import { say } from './texts.ts';
import { element, escaped, readFlatXml, xmlAnswer } from './xml.ts';

/** The XML documents of the two operations; they carry no namespace. */
export const V1_ROOTS = { OpRefund: 'RefundRequest', OpRefundStatus: 'RefundStatusRequest' } as const;

// Only 5, "processed", is told by the one public client that knows v1; the others are this simulator's.
const STATE_CODES: Record<RefundStatus, string> = { processing: '1', finished: '5', canceled: '10' };
const PARSE_ERROR = '2';
const REFUSED = '1';
const NO_REFUND = '3';

/** `POST /Merchant/WebService/Service.asmx/OpRefund` (aiorobokassa 1.1.4, `api/refund.py`). */
export function doOpRefund(scene: Scene, request: ProviderRequest): Answer {
  const asked = askedBy(scene, request, 'OpRefund');
  if (!('payment' in asked)) return asked;
  const { payment, amount } = asked;
  const { texts } = scene.store.settings;
  try {
    const amountMinor = amount === undefined ? undefined : kopecksOf(amount);
    if (amount !== undefined && (amountMinor === undefined || amountMinor === 0n)) {
      throw new Rejection('badSum');
    }
    const waits = scene.fault?.kind === 'pending';
    const refund = createRefund(
      scene.store,
      payment,
      { amountMinor, items: [] },
      { api: 'v1', waits },
      scene.now,
    );
    return v1Answer('RefundResponse', '0', 'OK', STATE_CODES[refund.status]);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return v1Answer('RefundResponse', REFUSED, say(texts, error.text));
  }
}

/** `POST /Merchant/WebService/Service.asmx/OpRefundStatus`: about the newest v1 refund of an invoice. */
export function doOpRefundStatus(scene: Scene, request: ProviderRequest): Answer {
  const asked = askedBy(scene, request, 'OpRefundStatus');
  if (!('payment' in asked)) return asked;
  const { store, fault } = scene;
  const refund = store.refundsOf(asked.payment.id).findLast(({ origin }) => origin === 'v1');
  if (refund === undefined) return v1Answer('RefundStatusResponse', NO_REFUND, 'Refund is not found');
  const state = fault?.kind === 'unknown-status' ? (fault.word ?? '70') : STATE_CODES[refund.status];
  return v1Answer('RefundStatusResponse', '0', 'OK', state);
}

/** A flat answer without namespace; code "0" is success. */
export function v1Answer(root: string, code: string, description: string, state?: string): Answer {
  const content = [element('Code', escaped(code)), element('Description', escaped(description))];
  if (state !== undefined) content.push(element('State', escaped(state)));
  return xmlAnswer(element(root, ...content), code === '0' && root === 'RefundResponse');
}

function askedBy(
  { store }: Scene,
  request: ProviderRequest,
  operation: keyof typeof V1_ROOTS,
): { payment: PaymentRecord; amount: string | undefined } | Answer {
  const { settings } = store;
  const root = operation === 'OpRefund' ? 'RefundResponse' : 'RefundStatusResponse';
  const fields = readFlatXml(request.body, V1_ROOTS[operation]);
  if (fields === undefined) return v1Answer(root, PARSE_ERROR, say(settings.texts, 'badPayload'));
  const { MerchantLogin, InvoiceID = '', Amount: amount, SignatureValue } = fields;
  const shop = findLogin(MerchantLogin);
  if (shop === undefined || !isSignature(SignatureValue, settings.hash, signed(shop, InvoiceID, amount))) {
    return v1Answer(root, REFUSED, say(settings.texts, 'wrongSignature'));
  }
  const payment = store.payments.get(InvoiceID);
  if (payment?.merchantLogin !== shop.merchantLogin) {
    return v1Answer(root, NO_REFUND, say(settings.texts, 'unknownInvoice'));
  }
  return { payment, amount };
}

// The values in alphabetical order of their field names, then Password1.
function signed({ merchantLogin, password1 }: Shop, invoiceId: string, amount: string | undefined): string[] {
  return [...(amount === undefined ? [] : [amount]), invoiceId, merchantLogin, password1];
}
