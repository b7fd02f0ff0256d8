import { parseMinor } from '../money.ts';
import { invalid } from './api-error.ts';
import { METHODS, refundableUntil } from './methods.ts';
import { EXPONENT, type PaymentRecord, type TransferRecord } from './records.ts';
import { checkReceiptSum } from './receipt.ts';
import type { Amount, RefundRequest, RequestedSource } from './refund-request.ts';
import type { Settings } from './settings.ts';
import type { Totals } from './totals.ts';

/**
 * Whether a payment can be refunded by this request; throws the 400 of the first rule that it breaks. Returns the sources
 * of the refund: none for an ordinary payment, the named store, or every store for a full refund of a split payment.
 */
export function checkRefund(
  payment: PaymentRecord,
  request: Omit<RefundRequest, 'paymentId'>,
  totals: Totals,
  settings: Settings,
  now: number,
): TransferRecord[] {
  const { amount, receipt } = request;
  if (payment.status !== 'succeeded') throw invalid('paymentNotSucceeded', 'payment_id');
  if (METHODS.get(payment.method)?.refundable !== true) throw invalid('methodNotRefundable', 'payment_id');
  if (now > refundableUntil(payment.method, payment.at)) throw invalid('paymentTooOld', 'payment_id');
  if (amount.currency !== payment.currency) throw invalid('currencyMismatch', 'amount.currency');
  const minimum = parseMinor(settings.minimumRefund, EXPONENT) ?? 0n;
  if (amount.minor <= 0n || amount.minor < minimum) throw invalid('amountMinimum', 'amount.value');
  if (request.hasRefundMethodData && payment.method !== 'electronic_certificate') {
    throw invalid('refundMethodData', 'refund_method_data');
  }
  if (receipt !== undefined) checkReceiptSum(receipt, amount);
  const isWhole = amount.minor === payment.amountMinor;
  if (receipt === undefined && settings.receiptRequired && !isWhole)
    throw invalid('receiptInvalid', 'receipt');
  // Pending refunds count: two parallel ones must not give back more than was paid.
  if (amount.minor > payment.amountMinor - totals.succeededMinor - totals.pendingMinor) {
    throw invalid('amountExceeds', 'amount');
  }
  return checkSources(payment, amount, request.source, totals);
}

/** Split payments: page solutions-for-platforms/split-payments/refunds and RefundSourcesData of the specification. */
function checkSources(
  payment: PaymentRecord,
  amount: Amount,
  source: RequestedSource | undefined,
  totals: Totals,
): TransferRecord[] {
  if (payment.transfers.length === 0) {
    if (source !== undefined) throw invalid('sourcesInvalid', 'sources');
    return [];
  }
  if (source === undefined) {
    if (amount.minor !== payment.amountMinor) throw invalid('sourcesRequired', 'sources');
    // The commission stays with the platform: every store gives back its whole share, no fee is returned.
    return payment.transfers.map(({ accountId, amountMinor }) => ({
      accountId,
      amountMinor,
      feeMinor: undefined,
    }));
  }
  const transfer = payment.transfers.find((candidate) => candidate.accountId === source.accountId);
  if (transfer === undefined) throw invalid('sourcesInvalid', 'sources.account_id');
  if (source.amount.currency !== amount.currency || source.amount.minor !== amount.minor) {
    throw invalid('sourcesInvalid', 'sources.amount');
  }
  const taken = totals.source(source.accountId);
  if (amount.minor > transfer.amountMinor - taken.amountMinor)
    throw invalid('amountExceeds', 'sources.amount');
  const { fee } = source;
  if (fee !== undefined) {
    if (fee.currency !== amount.currency) throw invalid('currencyMismatch', 'sources.platform_fee_amount');
    if (fee.minor > (transfer.feeMinor ?? 0n) - taken.feeMinor) {
      throw invalid('sourcesFee', 'sources.platform_fee_amount');
    }
  }
  return [{ accountId: source.accountId, amountMinor: amount.minor, feeMinor: fee?.minor }];
}
