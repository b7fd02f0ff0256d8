import type { Kysely } from 'kysely';
import type { Leg, LegShareRow, Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import { fromStoredReceipt } from '../db/receipts.ts';
import type { Database } from '../db/tables.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { SourceFacts } from '../providers/provider.ts';
import { wholeLegName } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { storedRequest } from './stored-request.ts';

/** Everything that the bytes of a further attempt of a leg are made from. */
export interface FurtherAttempt {
  readonly connection: Connection;
  readonly merchantCode: string;
  readonly idempotencyKey: string;
  readonly refund: Refund;
  readonly payment: Payment;
  readonly leg: Leg;
  readonly shares: readonly LegShareRow[];
  readonly attempt: number;
}

/** The same order as the first attempt's, under a new key: a leg that is named after a seller tells its share. */
export async function openAttempt(tx: Kysely<Database>, further: FurtherAttempt): Promise<void> {
  const { connection, merchantCode, idempotencyKey, refund, payment, leg, shares, attempt } = further;
  const providerKey = deriveProviderKey({ merchantCode, idempotencyKey, legName: leg.name, attempt });
  const request = connection.adapter.buildRefund({
    providerPaymentId: payment.provider_payment_id,
    amount: { minor: leg.amount_minor, currency: toCurrency(payment.currency) },
    providerKey,
    metadata: refund.metadata,
    receipt: refund.receipt && fromStoredReceipt(refund.receipt),
    ...(refund.speed === null ? {} : { speed: refund.speed }),
    ...(leg.name === wholeLegName ? {} : { sources: shares.map(sourceOf) }),
  });
  await tx
    .insertInto('leg_attempts')
    .values({
      leg_id: leg.id,
      attempt,
      merchant_id: leg.merchant_id,
      account_id: leg.account_id,
      ...storedRequest(connection.adapter, providerKey, request),
    })
    .execute();
}

const sourceOf = ({ source, amount_minor, platform_fee_minor }: LegShareRow): SourceFacts => ({
  seller: source.seller,
  amountMinor: amount_minor,
  platformFeeMinor: platform_fee_minor,
});
