import type { Kysely } from 'kysely';
import type { Leg, LegShareRow, Refund } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import { fromStoredReceipt } from '../db/receipts.ts';
import type { Database } from '../db/tables.ts';
import { listLegItems, listPaymentItems } from '../db/payment-items.ts';
import type { Connection } from '../providers/connections.ts';
import type { OrderProblem, SourceFacts } from '../providers/provider.ts';
import { wholeLegName } from './plan-legs.ts';
import { deriveProviderKey } from './provider-key.ts';
import { refundOrder, type OrderWish } from './refund-order.ts';
import { cartBehindOthers } from './refundable-items.ts';
import { storedRequest } from './stored-request.ts';
import { bucketOf } from './transitions.ts';

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

/**
 * The same order as the first attempt's, under a new key: a leg that is named after a seller tells its share.
 *
 * @returns what its provider would certainly refuse in it; then nothing is stored
 */
export async function openAttempt(
  tx: Kysely<Database>,
  further: FurtherAttempt,
): Promise<OrderProblem | undefined> {
  const { connection, merchantCode, idempotencyKey, refund, payment, leg, shares, attempt } = further;
  const providerKey = deriveProviderKey({ merchantCode, idempotencyKey, legName: leg.name, attempt });
  const cart = cartBehindOthers(await listPaymentItems(tx, payment.id));
  const order = refundOrder(payment, cart, reservedBefore(payment, leg), {
    ...contentOfOrder(refund, leg, shares),
    providerKey,
    items: await listLegItems(tx, leg.id),
    sends: 0,
  });
  const [objection] = connection.adapter.checkRefund(order);
  if (objection !== undefined) return objection;
  const request = connection.adapter.buildRefund(order);
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
  return undefined;
}

/** What of an order is the same in every attempt. */
export const contentOfOrder = (
  refund: Refund,
  leg: Leg,
  shares: readonly LegShareRow[],
): Omit<OrderWish, 'providerKey' | 'items' | 'sends'> => ({
  amountMinor: leg.amount_minor,
  metadata: refund.metadata,
  reason: refund.reason,
  receipt: refund.receipt && fromStoredReceipt(refund.receipt),
  ...(refund.speed === null ? {} : { speed: refund.speed }),
  ...(leg.name === wholeLegName ? {} : { sources: shares.map(sourceOf) }),
});

/** A failed leg that is opened again is not counted yet. */
const reservedBefore = (payment: Payment, leg: Leg): bigint =>
  payment.reserved_minor - (bucketOf(leg.status) === 'reserved' ? leg.amount_minor : 0n);

const sourceOf = ({ source, amount_minor, platform_fee_minor }: LegShareRow): SourceFacts => ({
  seller: source.seller,
  amountMinor: amount_minor,
  platformFeeMinor: platform_fee_minor,
});
