import { derivedDigits } from '../derived-digits.ts';
import { formatMinor, type WireMoney } from '../money.ts';
import { getShop } from './accounts.ts';
import { METHODS, refundableUntil } from './methods.ts';
import { EXPONENT, type PaymentRecord, type RefundRecord, type TransferRecord } from './records.ts';
import type { Totals } from './totals.ts';

/** An amount as on the wire: always a string, always two decimals. */
export function wireMoney(minor: bigint, currency: string): WireMoney {
  return { value: formatMinor(minor, EXPONENT), currency };
}

/** The `Payment` object. `refunded_amount` is absent until a refund succeeds; the status never says "refunded". */
export function paymentView(payment: PaymentRecord, totals: Totals, now: number): Record<string, unknown> {
  const { currency, status } = payment;
  const shop = getShop(payment.shopId);
  const paid = status === 'succeeded' || status === 'waiting_for_capture';
  return {
    id: payment.id,
    status,
    paid,
    test: true,
    refundable: isRefundable(payment, totals, now),
    amount: wireMoney(payment.amountMinor, currency),
    ...(status === 'succeeded' && {
      income_amount: wireMoney(payment.amountMinor - (payment.amountMinor * 35n) / 1_000n, currency),
    }),
    ...(totals.succeededMinor > 0n && { refunded_amount: wireMoney(totals.succeededMinor, currency) }),
    recipient: { account_id: shop.shopId, gateway_id: shop.gatewayId },
    payment_method: methodView(payment),
    created_at: isoOf(payment.at),
    ...(payment.capturedAt !== undefined && { captured_at: isoOf(payment.capturedAt) }),
    ...(status === 'waiting_for_capture' &&
      payment.expiresAt !== undefined && { expires_at: isoOf(payment.expiresAt) }),
    ...(payment.cancellation !== undefined && { cancellation_details: payment.cancellation }),
    ...(paid &&
      payment.method === 'bank_card' && {
        authorization_details: {
          rrn: derivedDigits(payment.id, 12),
          auth_code: derivedDigits(`code ${payment.id}`, 6),
          three_d_secure: { applied: true },
        },
      }),
    metadata: {},
    ...(payment.transfers.length > 0 && {
      transfers: payment.transfers.map((transfer) => ({ ...sourceView(transfer, currency), status })),
    }),
  };
}

/** The `Refund` object. */
export function refundView(refund: RefundRecord, method: string): Record<string, unknown> {
  const { currency, status } = refund;
  const done = status === 'succeeded';
  return {
    id: refund.id,
    payment_id: refund.paymentId,
    status,
    amount: wireMoney(refund.amountMinor, currency),
    created_at: isoOf(refund.at),
    ...(refund.description !== undefined && { description: refund.description }),
    ...(refund.metadata !== undefined && { metadata: refund.metadata }),
    ...(refund.cancellation !== undefined && { cancellation_details: refund.cancellation }),
    ...(refund.hasReceipt && { receipt_registration: status }),
    ...(refund.sources.length > 0 && {
      sources: refund.sources.map((source) => sourceView(source, currency)),
    }),
    ...(done &&
      method === 'bank_card' && { refund_authorization_details: { rrn: derivedDigits(refund.id, 12) } }),
    ...(done &&
      method === 'sbp' && {
        refund_method: { type: 'sbp', sbp_operation_id: derivedDigits(refund.id, 32) },
      }),
  };
}

/** Instants as on the wire: ISO 8601, UTC, milliseconds. */
export function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}

// When `refundable` turns false is undocumented: here when a refund request would be refused for ever.
function isRefundable(payment: PaymentRecord, totals: Totals, now: number): boolean {
  return (
    payment.status === 'succeeded' &&
    METHODS.get(payment.method)?.refundable === true &&
    now <= refundableUntil(payment.method, payment.at) &&
    totals.succeededMinor < payment.amountMinor
  );
}

function sourceView(source: TransferRecord, currency: string): Record<string, unknown> {
  return {
    account_id: source.accountId,
    amount: wireMoney(source.amountMinor, currency),
    ...(source.feeMinor !== undefined && { platform_fee_amount: wireMoney(source.feeMinor, currency) }),
  };
}

function methodView(payment: PaymentRecord): Record<string, unknown> {
  const common = { type: payment.method, id: payment.id, saved: false };
  if (payment.method !== 'bank_card') return common;
  const card = {
    first6: '555555',
    last4: '4477',
    expiry_month: '11',
    expiry_year: '2029',
    card_type: 'MasterCard',
    issuer_country: 'RU',
  };
  return { ...common, title: 'Bank card *4477', card };
}
