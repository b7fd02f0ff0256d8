import type { Answer, ProviderRequest } from '../simulator.ts';
import { findLogin } from './accounts.ts';
import { kopecksOf } from './amount.ts';
import { formFields } from './form.ts';
import { type PaymentRecord, STATES } from './records.ts';
import { Rejection, textAnswer } from './rejection.ts';
import type { Scene } from './scene.ts';
import { isSignature } from './signature.ts';
import { say } from './texts.ts';

/** `POST /Merchant/Payment/Confirm`: takes the hold or less of it, once (docs.robokassa.ru/ru/holding). */
export function doConfirm(scene: Scene, request: ProviderRequest): Answer {
  return answered(scene, () => {
    const fields = formFields(request);
    const outSum = fields.get('OutSum') ?? '';
    const receipt = fields.get('Receipt');
    const payment = heldPayment(scene, fields, (invoiceId) => [
      outSum,
      invoiceId,
      ...(receipt === null ? [] : [receipt]),
    ]);
    const minor = kopecksOf(outSum) ?? 0n;
    if (minor <= 0n || minor > payment.outMinor) throw new Rejection('holdAmount');
    const confirmed: PaymentRecord = {
      ...payment,
      state: STATES.paid,
      stateAt: scene.now,
      outMinor: minor,
      incMinor: payment.incMinor - payment.outMinor + minor,
      releasedMinor: payment.outMinor - minor,
    };
    scene.store.putPayment(confirmed);
    scene.announce(confirmed);
  });
}

/** `POST /Merchant/Payment/Cancel`: releases the whole hold. Its signature has an empty sum, whatever `OutSum` says. */
export function doCancel(scene: Scene, request: ProviderRequest): Answer {
  return answered(scene, () => {
    const payment = heldPayment(scene, formFields(request), (invoiceId) => ['', invoiceId]);
    scene.store.putPayment(released(payment, STATES.returned, scene.now));
  });
}

/** The hold after its money went back. */
export function released(payment: PaymentRecord, state: 10 | 60, now: number): PaymentRecord {
  return { ...payment, state, stateAt: now, releasedMinor: payment.outMinor };
}

function heldPayment(
  { store }: Scene,
  fields: URLSearchParams,
  signed: (invoiceId: string) => string[],
): PaymentRecord {
  const invoiceId = fields.get('InvoiceID') ?? '';
  const shop = findLogin(fields.get('MerchantLogin'));
  if (shop === undefined) throw new Rejection('unknownInvoice');
  const values = [shop.merchantLogin, ...signed(invoiceId), shop.password1];
  if (!isSignature(fields.get('SignatureValue'), store.settings.hash, values)) {
    throw new Rejection('wrongSignature');
  }
  const payment = store.payments.get(invoiceId);
  if (payment?.merchantLogin !== shop.merchantLogin) throw new Rejection('unknownInvoice');
  if (payment.state !== STATES.held) throw new Rejection('notHeld');
  return payment;
}

function answered({ store }: Scene, change: () => void): Answer {
  const { holdRefusalStatus, texts } = store.settings;
  try {
    change();
    return textAnswer(200, say(texts, 'holdSuccess'), true);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return textAnswer(holdRefusalStatus, say(texts, error.text));
  }
}
