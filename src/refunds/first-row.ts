import type { Insertable } from 'kysely';
import type { PaymentSourceTable, PaymentTable } from '../db/tables.ts';
import { uuidv7, type PaymentId, type SourceId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { PaymentFacts, SourceFacts } from '../providers/provider.ts';
import { canBeAsked } from './declared-facts.ts';
import { mergeBySeller } from './merge-by-seller.ts';

/** A payment as it is seen first. */
export const firstRow = (
  connection: Connection,
  facts: PaymentFacts,
  asOf: Date,
): Insertable<PaymentTable> => ({
  id: uuidv7<PaymentId>(),
  merchant_id: connection.merchantId,
  account_id: connection.accountId,
  provider_payment_id: facts.providerPaymentId,
  facts_from: canBeAsked(connection.adapter.capabilities) ? 'PROVIDER' : 'CALLER',
  order_reference: facts.orderReference,
  state: facts.state,
  raw_status: facts.rawStatus,
  method: facts.method,
  currency: facts.amount.currency,
  amount_minor: facts.amount.minor,
  captured_minor: facts.capturedMinor,
  provider_refunded_minor: facts.refundedMinor,
  refundable_by_provider: facts.refundableByProvider,
  handles: JSON.stringify(facts.handles),
  whole_only: facts.wholeOnly,
  provider_created_at: facts.createdAt,
  captured_at: facts.capturedAt,
  hold_expires_at: facts.holdExpiresAt,
  refund_window_closes_at: facts.refundWindowClosesAt,
  as_of: asOf,
});

/** An unsplit payment has exactly one source, named after its account. */
export const sharesOf = (connection: Connection, facts: PaymentFacts): readonly SourceFacts[] =>
  facts.sources.length > 0
    ? mergeBySeller(facts.sources)
    : [{ seller: connection.accountCode, amountMinor: facts.capturedMinor, platformFeeMinor: null }];

/** The shares as they are seen first. */
export const firstSources = (
  connection: Connection,
  paymentId: PaymentId,
  facts: PaymentFacts,
): Insertable<PaymentSourceTable>[] =>
  sharesOf(connection, facts).map((share) => ({
    id: uuidv7<SourceId>(),
    merchant_id: connection.merchantId,
    payment_id: paymentId,
    seller: share.seller,
    captured_minor: facts.state === 'CAPTURED' ? share.amountMinor : 0n,
    platform_fee_minor: share.platformFeeMinor,
  }));
