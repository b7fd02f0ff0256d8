import { jsonAnswer } from '../../answers.ts';
import { isObject } from '../../json.ts';
import type { Answer } from '../../simulator.ts';
import type { ForcedOutcome, Json, Scene } from '../connector.ts';
import { openRefund, wireMinor } from '../refunds.ts';
import { ApiError } from '../texts.ts';
import type { PaymentRecord } from '../records.ts';
import { mintReference } from './ids.ts';
import { findPayment, readReference } from './request.ts';

/** The words of `merchantRefundReason` (Adyen's API explorer, Checkout, refunds of a captured payment). */
const REASONS = new Set(['FRAUD', 'CUSTOMER REQUEST', 'RETURN', 'DUPLICATE', 'OTHER']);

const TOO_MUCH = 'Insufficient balance on payment';
const NOT_CAPTURED = 'Transaction is not captured';

/** `POST /v68/payments/{pspReference}/refunds`: 201 `received`, whatever becomes of it. Throws ApiError. */
export function createRefund(scene: Scene, id: string, body: Json | undefined): Answer {
  const { store, account } = scene;
  const payment = findPayment(scene, id, body);
  const { amount, merchantRefundReason: reason, reference } = body ?? {};
  const given = isObject(amount) ? amount : {};
  const amountMinor = wireMinor(given['value']);
  if (amountMinor === undefined) throw new ApiError('adyenAmount');
  if (given['currency'] !== payment.currency) throw new ApiError('adyenCurrency');
  if (reason !== undefined && (typeof reason !== 'string' || !isAllowed(scene, reason))) {
    throw new ApiError('adyenReason');
  }
  const forced = doomOf(scene, payment, amountMinor) ?? scene.forced;
  const accepted = { id: mintReference(), amountMinor, reference: readReference(reference), forced };
  const refund = openRefund(store, payment, { ...accepted, origin: 'api' }, scene.now);
  scene.announce.refund(refund);
  const answer = {
    merchantAccount: account.adyen.merchantAccount,
    paymentPspReference: payment.id,
    pspReference: refund.id,
    reference: reference ?? undefined,
    status: 'received',
    amount: { currency: payment.currency, value: Number(amountMinor) },
    merchantRefundReason: reason,
  };
  return jsonAnswer(201, answer, true);
}

// Checked when the money should move, not when the request arrives, unless the mode says otherwise.
function doomOf({ store }: Scene, payment: PaymentRecord, amountMinor: bigint): ForcedOutcome | undefined {
  if (amountMinor <= store.leftMinor(payment)) return undefined;
  if (store.settings.adyenOverRefund === 'refuse') throw new ApiError('adyenExceeds');
  return { status: 'failed', failure: payment.status === 'captured' ? TOO_MUCH : NOT_CAPTURED };
}

function isAllowed({ store }: Scene, reason: string): boolean {
  return store.settings.adyenReasons === 'accept' || REASONS.has(reason);
}
