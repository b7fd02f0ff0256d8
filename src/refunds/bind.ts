import type { Kysely } from 'kysely';
import { findAttemptBehind, findLeg, listLegs, type Leg } from '../db/legs.ts';
import type { LockedPayment, Payment, PaymentSource } from '../db/payments.ts';
import type { PaymentItem } from '../db/payment-items.ts';
import { updateUnbound } from '../db/payments.ts';
import { listProviderRefunds, releaseProviderRefund, upsertProviderRefund } from '../db/provider-refunds.ts';
import type { Database } from '../db/tables.ts';
import { systemCause } from '../context.ts';
import type { LegId, RefundId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { shownRefundId } from '../providers/shown-refund-id.ts';
import { applyFacts, type FactContext } from './apply-facts.ts';
import { keysAreStillRepeated } from './epoch.ts';
import { hasOurFormat } from './forgotten-keys.ts';
import { settleOvercommitment, settleSources } from './overcommitment.ts';
import { listLines, settleItems } from './settle-items.ts';
import { bindByAmount } from './bind-by-amount.ts';
import { importExternal } from './import-external.ts';
import { returnedNothing } from './returned-nothing.ts';
import { canBeTakenOver, isExternalLeg, takeOverExternal } from './take-over.ts';

/**
 * Ties a provider refund to the leg whose send it answers; one that was taken for a refund made elsewhere becomes ours.
 *
 * @returns false when one of the two is bound to another leg of ours already: then a person has to tell whose it is
 */
export async function bindProviderRefund(
  tx: Kysely<Database>,
  payment: Payment,
  leg: Leg,
  facts: RefundFacts,
  asOf: Date,
): Promise<boolean> {
  const owner = { merchantId: leg.merchant_id, accountId: leg.account_id, paymentId: leg.payment_id };
  const isTaken = leg.provider_refund_id !== null && leg.provider_refund_id !== facts.providerRefundId;
  let boundTo = await upsertProviderRefund(tx, owner, facts, isTaken ? null : leg.id, asOf);
  if (boundTo !== null && boundTo !== leg.id)
    if (await takeOverExternal(tx, { by: systemCause, asOf }, payment, leg, boundTo)) boundTo = leg.id;
  // Nothing was unbound and this is not, so the sum of what is stays nothing.
  if (payment.unbound_minor > 0n || boundTo !== leg.id) await updateUnbound(tx, leg.payment_id);
  return boundTo === leg.id;
}

/**
 * Keeps a provider refund that an earlier attempt of a leg has made: it says nothing about the present one. Where it
 * is alive and nobody's, it counts as that, and the payment is read at once, which finds out whose it is.
 */
export async function keepOfEarlierAttempt(
  tx: Kysely<Database>,
  payment: Payment,
  facts: RefundFacts,
  asOf: Date,
): Promise<void> {
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  await upsertProviderRefund(tx, owner, facts, null, asOf);
  await updateUnbound(tx, payment.id);
}

/**
 * Takes in the provider refunds of a payment (MONEY section 5): each is kept; one that carries our reference
 * or a known id moves its leg; what is nobody's becomes an EXTERNAL refund as soon as no leg of ours could
 * be meant. Under the payment's lock.
 *
 * @returns the refunds that changed or appeared
 */
export async function takeInRefunds(
  tx: Kysely<Database>,
  context: FactContext,
  payment: LockedPayment,
  sources: readonly PaymentSource[],
  seen: readonly RefundFacts[],
): Promise<RefundId[]> {
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  const lines = await listLines(tx, context.connection, payment);
  const changed: RefundId[] = [];
  const rows = await listProviderRefunds(tx, payment.id);
  const boundTo = new Map(rows.map((row) => [row.provider_refund_id, row.leg_id]));
  const newest = new Map(rows.map((row) => [row.provider_refund_id, row.as_of]));
  const unbound: RefundFacts[] = [];
  const surplus: RefundFacts[] = [];
  for (const facts of seen) {
    // Somebody who asked later has drawn what follows, and of a state that may be over nothing follows any more.
    if (context.asOf < (newest.get(facts.providerRefundId) ?? context.asOf)) continue;
    const whose = await findOwner(tx, context, payment, facts, boundTo.get(facts.providerRefundId) ?? null);
    if (whose.kind === 'leg' && whose.closed !== undefined) changed.push(whose.closed);
    await upsertProviderRefund(tx, owner, facts, whose.kind === 'leg' ? whose.leg.id : null, context.asOf);
    if (whose.kind === 'nobody') unbound.push(facts);
    if (whose.kind === 'surplus') surplus.push(facts);
    if (whose.kind !== 'leg') continue;
    const { leg } = whose;
    // A leg has one at a time: what it was bound to before is released.
    for (const [id, legId] of boundTo) if (legId === leg.id) boundTo.set(id, null);
    boundTo.set(facts.providerRefundId, leg.id);
    const legs = await listLegs(tx, leg.refund_id);
    const after = await applyFacts(tx, context, payment, legs, leg, facts);
    if (after !== legs) changed.push(leg.refund_id);
  }
  for (const facts of surplus)
    context.alerts.raise(
      'PROVIDER_REFUND_SURPLUS',
      {
        paymentId: payment.id,
        providerRefundId: shownRefundId(context.connection.adapter, facts.providerRefundId),
        rawStatus: facts.rawStatus,
      },
      'the provider has one more refund for a leg than the leg has; it is recorded as EXTERNAL',
    );
  const nobodys = unbound.filter((facts) => !mayBeClaimed(payment, facts));
  const named = await bindByAmount(tx, context, payment, nobodys);
  changed.push(...named.changed);
  const imports = [...surplus, ...named.elsewhere];
  for (const facts of imports) {
    const refundId = await importExternal(tx, context, payment, sources, facts);
    if (refundId !== undefined) changed.push(refundId);
  }
  await updateUnbound(tx, payment.id);
  if (changed.length > 0 || payment.overcommitted)
    changed.push(...(await settleSums(tx, context, payment, sources, lines)));
  return changed;
}

/** A payment of one seller has one sum; of several, what one seller's refund broke is mended where it is broken. */
async function settleSums(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  sources: readonly PaymentSource[],
  lines: readonly PaymentItem[],
): Promise<RefundId[]> {
  const settleOne = () => settleOvercommitment(tx, context, payment);
  const settleSellers = () => settleSources(tx, context, payment, sources);
  const steps = sources.length > 1 ? [settleSellers, settleOne] : [settleOne, settleSellers];
  // What one item has too much is mended where it is, too: that may be all that the payment has too much.
  const failed = await settleItems(tx, context, payment, lines);
  for (const settle of steps) failed.push(...(await settle()));
  return failed;
}

/** After a restore: perhaps made by a request that is forgotten, and whose caller will repeat its key. */
const mayBeClaimed = (payment: LockedPayment, facts: RefundFacts): boolean =>
  keysAreStillRepeated(payment) && hasOurFormat(facts.ourReference);

/** `past`: a refund of an earlier attempt that returned nothing, known and done. `surplus`: of a leg that has another one. */
type Owner =
  | { readonly kind: 'leg'; readonly leg: Leg; readonly closed?: RefundId }
  | { readonly kind: 'nobody' | 'past' | 'surplus' };

/**
 * Whose a provider refund is. One that was taken for a refund made elsewhere is ours as soon as its reference, or
 * an answer, says so: then the EXTERNAL refund is `closed`.
 */
async function findOwner(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  facts: RefundFacts,
  boundTo: LegId | null,
): Promise<Owner> {
  const bound = boundTo === null ? undefined : await findLeg(tx, boundTo);
  if (bound !== undefined && !isExternalLeg(bound)) return { kind: 'leg', leg: bound };
  const owner = await findMaker(tx, payment, facts);
  if (bound !== undefined && (owner.kind !== 'leg' || !canBeTakenOver(bound, owner.leg, context.asOf)))
    return { kind: 'leg', leg: bound };
  if (owner.kind !== 'leg') return owner;
  await releaseProviderRefund(tx, owner.leg);
  if (bound === undefined) return owner;
  const leg = { ...owner.leg, provider_refund_id: null };
  await takeOverExternal(tx, context, payment, leg, bound.id);
  return { kind: 'leg', leg: owner.leg, closed: bound.refund_id };
}

/**
 * The leg whose attempt made a provider refund. A leg has one at a time: of its present attempt, or, since a
 * failure may be contradicted, of an earlier attempt while the present one has executed nothing.
 */
async function findMaker(tx: Kysely<Database>, payment: Payment, facts: RefundFacts): Promise<Owner> {
  const made = await findAttemptBehind(tx, payment.id, facts);
  if (made === undefined) return { kind: 'nobody' };
  const { leg } = made;
  if (leg.provider_refund_id === null && made.attempt === leg.attempt) return { kind: 'leg', leg };
  if (returnedNothing(facts)) return { kind: 'past' };
  return ['QUEUED', 'FAILED', 'CANCELED'].includes(leg.status) ? { kind: 'leg', leg } : { kind: 'surplus' };
}
