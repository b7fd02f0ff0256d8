import { jsonAnswer } from '../answers.ts';
import { isObject, parseJson } from '../json.ts';
import type { Answer, ProviderRequest } from '../simulator.ts';
import { getShop, type Shop, SHOPS } from './accounts.ts';
import { createRefund } from './create-refund.ts';
import { isSignedWith, type Jwt, parseJwt } from './jwt.ts';
import type { PaymentRecord } from './records.ts';
import { parseRefundClaims } from './refund-request.ts';
import { accessDenied, Rejection, rejectionAnswer, textAnswer } from './rejection.ts';
import type { Scene } from './scene.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';
import { say } from './texts.ts';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const LENIENT_TYPE = /^(?:application\/json|application\/jwt|text\/plain)\s*(?:;|$)/i;

/** `POST /RefundService/Refund/Create` (docs.robokassa.ru/ru/refund-api). */
export function doCreate(scene: Scene, request: ProviderRequest): Answer {
  const { store, now } = scene;
  const { settings } = store;
  const text = jwtText(request, settings.createBody);
  if (typeof text === 'number') return textAnswer(text, text === 415 ? '' : 'BadRequest');
  const jwt = parseJwt(text);
  if (jwt === undefined) return textAnswer(400, 'BadRequest');
  const opKey = opKeyOf(jwt);
  const payment = opKey === undefined ? undefined : store.findByOpKey(opKey);
  if (settings.password3 === 'absent') return accessDenied(settings.texts, 'noAccess');
  if (!isSignedByShop(jwt, payment, settings)) return accessDenied(settings.texts, 'wrongKey');
  try {
    if (!isObject(jwt.payload) || opKey === undefined) throw new Rejection('badPayload');
    if (payment === undefined) throw new Rejection('unknownOpKey');
    const refundRequest = parseRefundClaims(jwt.payload, settings.items === 'strict');
    const waits = scene.fault?.kind === 'pending';
    const refund = createRefund(store, payment, refundRequest, { api: 'v2', waits }, now);
    return acceptance(refund.id);
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return rejectionAnswer(settings.rejectionStatus, say(settings.texts, error.text));
  }
}

/** `success: true`: the request was taken, which is not yet a refund. */
export function acceptance(requestId: string | null): Answer {
  return jsonAnswer(200, { success: true, message: null, requestId }, true);
}

/** The payment that the body of a Create is about, whoever signed it. */
export function paymentOfBody(store: Store, request: ProviderRequest): PaymentRecord | undefined {
  const text = jwtText(request, store.settings.createBody);
  const jwt = typeof text === 'string' ? parseJwt(text) : undefined;
  const opKey = jwt === undefined ? undefined : opKeyOf(jwt);
  return opKey === undefined ? undefined : store.findByOpKey(opKey);
}

// The body is a JSON document that is one string, quotes included; a number is the status of the refusal.
function jwtText({ headers, body }: ProviderRequest, form: Settings['createBody']): string | 400 | 415 {
  const type = headers['content-type'] ?? '';
  if (!(form === 'strict' ? JSON_TYPE : LENIENT_TYPE).test(type)) return 415;
  const json = parseJson(body);
  if (typeof json === 'string') return json;
  return form === 'lenient' ? body.toString('utf8').trim() : 400;
}

function opKeyOf({ payload }: Jwt): string | undefined {
  const opKey = isObject(payload) ? payload['OpKey'] : undefined;
  return typeof opKey === 'string' ? opKey : undefined;
}

// The JWT names no shop: the payment does, and a payment that nobody knows belongs to whoever signed.
function isSignedByShop(jwt: Jwt, payment: PaymentRecord | undefined, { algSha256 }: Settings): boolean {
  const shops: readonly Shop[] = payment === undefined ? SHOPS : [getShop(payment.merchantLogin)];
  return shops.some((shop) => isSignedWith(jwt, shop.password3, algSha256));
}
