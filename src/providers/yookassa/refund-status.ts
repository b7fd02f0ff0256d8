import type { Failure, ProviderErrorCode, RetryAdvice } from '../../errors.ts';
import type { RefundFacts, SourceFacts, TraceReference } from '../provider.ts';
import { type WirePayment, type WireRefund, metadataText } from './wire.ts';

interface Reason {
  readonly code: ProviderErrorCode;
  readonly retry: RetryAdvice;
  readonly message: string;
}

const basketProblem: Reason = {
  code: 'PROVIDER_REJECTED',
  retry: 'ASK_A_HUMAN',
  message: 'The basket of the electronic certificate does not allow this refund.',
};

/**
 * Why a refund ended as `canceled` (yookassa.ru/developers, "Refunds", table of `cancellation_details.reason`;
 * `payment_expired` is on that page only, not in the OpenAPI enum).
 */
export const cancellationReasons: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  [
    'insufficient_funds',
    {
      code: 'INSUFFICIENT_FUNDS',
      retry: 'RETRY_REFUND',
      message: 'The shop has not received enough money at YooKassa to cover this refund. Retry it later.',
    },
  ],
  [
    'rejected_by_timeout',
    {
      code: 'PROVIDER_UNAVAILABLE',
      retry: 'RETRY_REFUND',
      message: 'The other side did not answer YooKassa in time; nothing was refunded. Retry it later.',
    },
  ],
  [
    'yoo_money_account_closed',
    {
      code: 'PAYMENT_NOT_REFUNDABLE',
      retry: 'NEVER',
      message: "The buyer's wallet is closed. Give the money back in another way.",
    },
  ],
  [
    'payment_expired',
    {
      code: 'REFUND_WINDOW_EXPIRED',
      retry: 'NEVER',
      message: 'The acquirer refused the refund because the payment is too old.',
    },
  ],
  [
    'rejected_by_payee',
    {
      code: 'PROVIDER_REJECTED',
      retry: 'NEVER',
      message: "The buyer's side refused the money.",
    },
  ],
  [
    'general_decline',
    {
      code: 'PROVIDER_REJECTED',
      retry: 'ASK_A_HUMAN',
      message: 'The refund was declined without details. Ask the support of YooKassa.',
    },
  ],
  ['payment_basket_id_not_found', basketProblem],
  ['payment_article_number_not_found', basketProblem],
  ['payment_tru_code_not_found', basketProblem],
  ['too_many_refunding_articles', basketProblem],
  ['some_articles_already_refunded', basketProblem],
]);

const unknownReason: Reason = {
  code: 'PROVIDER_REJECTED',
  retry: 'ASK_A_HUMAN',
  message: 'YooKassa ended this refund without returning money, for a reason that is not known here.',
};

const statuses: ReadonlyMap<string, RefundFacts['status']> = new Map([
  ['pending', 'PENDING'],
  ['succeeded', 'SUCCEEDED'],
  // On a refund this never means "called back": it failed.
  ['canceled', 'FAILED'],
]);

/** The facts of a refund object. `receipt_registration` is about the receipt, not the money, and is not read. */
export function refundFacts(wire: WireRefund): RefundFacts {
  const status = statuses.get(wire.status) ?? 'UNRECOGNISED';
  return {
    providerRefundId: wire.id,
    providerPaymentId: wire.payment_id,
    status,
    rawStatus: wire.status,
    amount: wire.amount,
    failure: status === 'FAILED' ? failureOf(wire.cancellation_details?.reason ?? null) : null,
    ourReference: ourReference(wire),
    createdAt: wire.created_at,
    traceReferences: traceReferences(wire),
    sources: sourceFacts(wire.sources),
    providerDetails: {},
  };
}

export function sourceFacts(shares: WirePayment['transfers']): readonly SourceFacts[] {
  return (shares ?? []).map((share) => ({
    seller: share.account_id,
    amountMinor: share.amount.minor,
    platformFeeMinor: share.platform_fee_amount?.minor ?? null,
  }));
}

function failureOf(reason: string | null): Failure {
  const known = (reason === null ? undefined : cancellationReasons.get(reason)) ?? unknownReason;
  return { ...known, providerCode: reason };
}

/** Metadata may be dropped on the way (it is missing in older descriptions of the API); the description stays. */
export function ourReference(wire: Pick<WireRefund, 'metadata' | 'description'>): string | null {
  const fromMetadata = metadataText(wire.metadata, 'refund_ref');
  if (fromMetadata !== null) return fromMetadata;
  return wire.description !== undefined && /^[0-9a-f]{40}$/.test(wire.description) ? wire.description : null;
}

function traceReferences(wire: WireRefund): readonly TraceReference[] {
  const rrn = wire.refund_authorization_details?.rrn;
  const operation = wire.refund_method?.sbp_operation_id;
  return [
    ...(rrn === undefined ? [] : [{ kind: 'RRN', value: rrn } as const]),
    ...(operation === undefined ? [] : [{ kind: 'OTHER', value: operation } as const]),
  ];
}
