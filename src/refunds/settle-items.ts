import type { Kysely } from 'kysely';
import { listOpenLegs } from '../db/legs.ts';
import { listItemsOfLegs, listPaymentItems, type PaymentItem } from '../db/payment-items.ts';
import type { Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { LegId, RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { FactContext } from './apply-facts.ts';
import { failUnsent } from './overcommitment.ts';

/** The lines of a payment before facts are recorded; none where the provider knows no items. */
export const listLines = async (
  tx: Kysely<Database>,
  { adapter }: Connection,
  payment: Payment,
): Promise<readonly PaymentItem[]> =>
  adapter.capabilities.itemRefunds ? listPaymentItems(tx, payment.id) : [];

/**
 * What `settleOvercommitment` does for a payment, for each line of its cart: where a provider's fact broke the sum of a
 * line, legs that take of it and were never sent fail, newest first, until it holds again. The payment's own sum may be
 * whole all the while. Under the payment's lock.
 *
 * @param before the lines as they were before the facts: what was broken then was told then
 * @returns the refunds that failed
 */
export async function settleItems(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'alerts' | 'by'>,
  payment: Payment,
  before: readonly PaymentItem[],
): Promise<RefundId[]> {
  if (before.length === 0) return [];
  const broken = (await listPaymentItems(tx, payment.id)).filter((line) => line.overcommitted);
  if (broken.length === 0) return [];
  const unsent = (await listOpenLegs(tx, payment.id)).filter((leg) => leg.status === 'QUEUED').toReversed();
  const unsentIds = unsent.map((leg) => leg.id);
  const parts = await listItemsOfLegs(tx, payment.merchant_id, unsentIds);
  const failed = new Map<LegId, RefundId>();
  for (const line of broken) {
    if (!before.some((known) => known.id === line.id && known.overcommitted))
      context.alerts.raise('ITEM_OVERCOMMITTED', { paymentId: payment.id, item: line.item });
    let excessHundredths = line.returned_hundredths + line.reserved_hundredths - line.sold_hundredths;
    let excessMinor = line.returned_minor + line.reserved_minor - line.sold_minor;
    for (const leg of unsent) {
      const part = parts.find((one) => one.leg_id === leg.id && one.line.id === line.id);
      if (part === undefined || (excessMinor <= 0n && excessHundredths <= 0n)) continue;
      if (!failed.has(leg.id)) await failUnsent(tx, context, payment, leg);
      failed.set(leg.id, leg.refund_id);
      excessHundredths -= part.quantity_hundredths;
      excessMinor -= part.amount_minor;
    }
  }
  return [...failed.values()];
}
