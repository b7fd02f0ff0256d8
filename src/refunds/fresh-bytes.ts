import type { Kysely } from 'kysely';
import { findRefund, listLegShares, type Attempt, type Leg, type OpenLeg } from '../db/legs.ts';
import { listLegItems, listPaymentItems, type LegItem } from '../db/payment-items.ts';
import type { LockedPayment, Payment } from '../db/payments.ts';
import { storeRebuilt, wasSentSince } from '../db/rebuilt-attempts.ts';
import type { Database } from '../db/tables.ts';
import type { Failure } from '../errors.ts';
import type { Connection } from '../providers/connections.ts';
import type { ItemFacts } from '../providers/provider.ts';
import { contentOfOrder } from './open-attempt.ts';
import { noLongerLeft } from './overcommitment.ts';
import { refundOrder } from './refund-order.ts';
import { cartAtProvider } from './refundable-items.ts';
import { refundableOf, whyNotRefundable } from './refundability.ts';
import { storedRequest } from './stored-request.ts';

/**
 * Whether what is stored of a payment is what a read showed that began at `readAt`, or a later one, and nothing that we
 * sent for it can have changed it since. Under the payment's lock.
 *
 * @param readAt undefined: nobody has read it for this
 */
export const isReadSince = async (
  tx: Kysely<Database>,
  payment: Payment,
  readAt: Date | undefined,
): Promise<boolean> =>
  readAt !== undefined && payment.as_of >= readAt && !(await wasSentSince(tx, payment.id, payment.as_of));

/** The bytes of an attempt may be made anew: no send of it can have been executed (MONEY section 2). */
export const isRebuilt = (connection: Connection, attempt: Pick<Attempt, 'unclear_sends'>): boolean =>
  connection.adapter.buildsFromFreshPayment && attempt.unclear_sends === 0;

export type Rebuilt =
  | { readonly kind: 'ready'; readonly attempt: Attempt }
  /** It cannot be made any more, and nothing of it was executed: a definite end. */
  | { readonly kind: 'impossible'; readonly failure: Failure };

/**
 * Makes the bytes of an attempt anew from the payment as it was read just now, and stores them in place of the old ones:
 * in the transaction that claims the leg, so that what is sent is stored before. Under the payment's lock.
 *
 * @param open the open legs of the payment, this one among them
 */
export async function rebuildAttempt(
  tx: Kysely<Database>,
  connection: Connection,
  payment: LockedPayment,
  open: readonly OpenLeg[],
  leg: Leg,
  attempt: Attempt,
): Promise<Rebuilt> {
  const { adapter } = connection;
  const refund = await findRefund(tx, leg.merchant_id, leg.refund_id);
  if (refund === undefined) throw new Error(`refund ${leg.refund_id} has vanished`);
  const cart = cartAtProvider(await listPaymentItems(tx, payment.id));
  const items = await listLegItems(tx, leg.id);
  const shares = await listLegShares(tx, leg.merchant_id, [leg.id]);
  // What waits here is not executed before this; what is there already may be executed at any moment.
  const ahead = open.filter((other) => other.id !== leg.id && other.status !== 'QUEUED');
  const aheadMinor = ahead.reduce((sum, other) => sum + other.amount_minor, 0n);
  const refusal = whyNotRefundable(payment, payment.locked_at);
  if (refusal !== undefined) {
    const isLate = refusal.type === 'RefundWindowClosed';
    return impossible(isLate ? 'REFUND_WINDOW_EXPIRED' : 'PAYMENT_NOT_REFUNDABLE', refusal.message);
  }
  const isLeft = leg.amount_minor <= refundableOf({ ...payment, reserved_minor: aheadMinor });
  if (!isLeft || !areLeft(cart, items)) return { kind: 'impossible', failure: noLongerLeft };
  const order = refundOrder(payment, cart, aheadMinor, {
    ...contentOfOrder(refund, leg, shares),
    items,
    providerKey: attempt.provider_key,
    sends: attempt.sends,
  });
  const [objection] = adapter.checkRefund(order);
  if (objection !== undefined) return impossible('INVALID_AMOUNT', objection.message);
  const bytes = storedRequest(adapter, attempt.provider_key, adapter.buildRefund(order));
  return { kind: 'ready', attempt: await storeRebuilt(tx, attempt, bytes) };
}

const impossible = (code: Failure['code'], message: string): Rebuilt => ({
  kind: 'impossible',
  failure: { code, message: `${message} It was never sent.`, retry: 'NEVER', providerCode: null },
});

const areLeft = (cart: readonly ItemFacts[], items: readonly LegItem[]): boolean =>
  items.every(({ item, quantityHundredths, amountMinor }) => {
    const line = cart.find((candidate) => candidate.item === item);
    return line !== undefined && quantityHundredths <= line.leftHundredths && amountMinor <= line.leftMinor;
  });
