import type { Kysely } from 'kysely';
import { insertRefundEvent } from '../db/events.ts';
import { findLeg, listLegs, type Leg } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import { rebindProviderRefund } from '../db/provider-refunds.ts';
import { noteReplaced } from '../db/refunds.ts';
import type { Database } from '../db/tables.ts';
import type { LegId } from '../ids.ts';
import type { FactContext } from './apply-facts.ts';
import { moveLeg } from './move-leg.ts';
import { bucketOf, findTransition, isFinalLeg } from './transitions.ts';

const prefix = 'external:';

/** The name of the one leg of an EXTERNAL refund; no seller has such a name, and the database knows it by that, too. */
export const nameOfExternalLeg = (providerRefundId: string): string => `${prefix}${providerRefundId}`;

export const isExternalLeg = (leg: Pick<Leg, 'name'>): boolean => leg.name.startsWith(prefix);

/**
 * Whether an EXTERNAL refund can be closed for a leg of ours: not while it waits for a person; not for another amount,
 * which would leave the sums short; and not by a look that is older than the end of ours, which moves ours no more.
 */
export const canBeTakenOver = (taken: Leg, ourLeg: Leg, asOf: Date): boolean =>
  isExternalLeg(taken) &&
  taken.payment_id === ourLeg.payment_id &&
  taken.amount_minor === ourLeg.amount_minor &&
  !isExternalLeg(ourLeg) &&
  !(isFinalLeg(ourLeg.status) && asOf < ourLeg.as_of) &&
  (bucketOf(taken.status) === 'free' || findTransition(taken.status, 'merge', 'CANCELED') !== undefined);

/**
 * Turns a refund that seemed to be made elsewhere back into ours (MONEY section 5): the EXTERNAL one is closed, its
 * amount counts no more, and the provider refund is bound to `ourLeg`. What follows for `ourLeg` is the caller's to
 * draw from the provider's facts, by `applyFacts`, in the same transaction: then the money counts once at every
 * commit. Under the payment's lock, with `ourLeg` read under it.
 *
 * @returns false, and nothing has changed, when `canBeTakenOver` says no, or when `ourLeg` has another provider refund
 */
export async function takeOverExternal(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'by' | 'asOf'>,
  payment: Payment,
  ourLeg: Leg,
  takenLegId: LegId,
): Promise<boolean> {
  const taken = await findLeg(tx, takenLegId);
  const providerRefundId = taken?.provider_refund_id ?? null;
  if (taken === undefined || providerRefundId === null) return false;
  if (ourLeg.provider_refund_id !== null && ourLeg.provider_refund_id !== providerRefundId) return false;
  if (taken.payment_id !== payment.id || !canBeTakenOver(taken, ourLeg, context.asOf)) return false;

  if (bucketOf(taken.status) !== 'free')
    await moveLeg(tx, payment, await listLegs(tx, taken.refund_id), taken, {
      to: 'CANCELED',
      cause: 'merge',
      source: 'PROVIDER_READ',
      by: context.by,
      evidence: { providerRefundId },
    });
  await rebindProviderRefund(tx, taken, ourLeg, providerRefundId);
  await noteReplaced(tx, ourLeg.refund_id, taken.refund_id);
  const event = {
    merchantId: payment.merchant_id,
    paymentId: payment.id,
    kind: 'refund.merged',
    source: 'PROVIDER_READ',
    cause: context.by,
  } as const;
  await insertRefundEvent(tx, {
    ...event,
    refundId: taken.refund_id,
    legId: taken.id,
    evidence: { providerRefundId, mergedInto: ourLeg.refund_id },
  });
  await insertRefundEvent(tx, {
    ...event,
    refundId: ourLeg.refund_id,
    legId: ourLeg.id,
    evidence: { providerRefundId, mergedFrom: taken.refund_id },
  });
  return true;
}
