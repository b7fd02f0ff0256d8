import { derivedDigits } from '../derived-digits.ts';
import type { Answer, ProviderRequest } from '../simulator.ts';
import { findLogin } from './accounts.ts';
import { kopecksOf, wireAmount } from './amount.ts';
import { formFields } from './form.ts';
import { moscowTime } from './moscow-time.ts';
import { type PaymentRecord, STATES } from './records.ts';
import type { Scene } from './scene.ts';
import type { Settings } from './settings.ts';
import { isSignature } from './signature.ts';
import { say } from './texts.ts';
import { USER_FIELDS } from './user-fields.ts';
import { element, escaped, xmlAnswer } from './xml.ts';

const NAMESPACES: Record<Settings['xmlNamespace'], string> = {
  merchant: 'http://merchant.roboxchange.com/WebService/',
  auth: 'http://auth.robokassa.ru/Merchant/WebService/',
};
const LIE_MINOR = 100n;

/** `OpStateExt` by GET or POST form (docs.robokassa.ru/ru/xml-interfaces). Refunds leave no trace in it. */
export function doOpStateExt(scene: Scene, request: ProviderRequest): Answer {
  const { store } = scene;
  const { texts } = store.settings;
  const fields = request.method === 'POST' ? formFields(request) : request.query;
  const invoiceId = fields.get('InvoiceID') ?? '';
  const shop = findLogin(fields.get('MerchantLogin'));
  if (shop === undefined) return resultAnswer(store.settings, '2', say(texts, 'unknownShop'));
  const signed = [shop.merchantLogin, invoiceId, shop.password2];
  if (!isSignature(fields.get('Signature'), store.settings.hash, signed)) {
    return resultAnswer(store.settings, '1', say(texts, 'wrongSignature'));
  }
  const payment = store.payments.get(invoiceId);
  if (payment?.merchantLogin !== shop.merchantLogin) {
    return resultAnswer(store.settings, '3', say(texts, 'unknownInvoice'));
  }
  return response(store.settings, element('Result', element('Code', '0')), stateOf(scene, payment));
}

/** A business refusal: HTTP 200, a code that is not 0, and neither state nor info; an empty description is left out. */
export function resultAnswer(settings: Settings, code: string, description: string): Answer {
  const told = description === '' ? undefined : element('Description', escaped(description));
  const result = element('Result', element('Code', escaped(code)), told);
  return response(settings, result, '');
}

function response({ xmlNamespace }: Settings, result: string, content: string): Answer {
  const attributes = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="${NAMESPACES[xmlNamespace]}"`;
  return xmlAnswer(`<OperationStateResponse ${attributes}>${result}${content}</OperationStateResponse>`);
}

function stateOf({ store, now, fault }: Scene, payment: PaymentRecord): string {
  const { decimals } = store.settings;
  const { state, method } = payment;
  const code = fault?.kind === 'unknown-status' ? (fault.word ?? '70') : String(state);
  const lie = fault?.kind === 'wrong-amount' ? fault : undefined;
  const outMinor = lie === undefined ? payment.outMinor : lieOf(lie.amount?.value, payment.outMinor);
  const byPaidCard = method === 'BankCard' && state !== STATES.created && state !== STATES.cancelled;
  return [
    element(
      'State',
      element('Code', escaped(code)),
      element('RequestDate', moscowTime(now)),
      element('StateDate', moscowTime(payment.stateAt)),
    ),
    element(
      'Info',
      element('IncCurrLabel', method),
      element('IncSum', wireAmount(payment.incMinor, decimals)),
      element('IncAccount', byPaidCard ? `555555******${derivedDigits(payment.id, 4)}` : ''),
      element('PaymentMethod', element('Code', method), element('Description', method)),
      element('OutCurrLabel', 'RUR'),
      element('OutSum', wireAmount(outMinor, decimals)),
      element('OpKey', payment.opKey),
      byPaidCard ? element('BankCardRRN', derivedDigits(`rrn ${payment.id}`, 12)) : undefined,
    ),
    element(
      'UserField',
      ...USER_FIELDS.map(([name, value]) =>
        element('Field', element('Name', escaped(name)), element('Value', escaped(value))),
      ),
    ),
  ].join('');
}

function lieOf(value: string | undefined, minor: bigint): bigint {
  return (value === undefined ? undefined : kopecksOf(value)) ?? minor + LIE_MINOR;
}
