import type { Kysely } from 'kysely';
import { insertRefundEvent } from '../db/events.ts';
import { listLegs, listLegShares } from '../db/legs.ts';
import type { Payment } from '../db/payments.ts';
import { listNamelessLegs, upsertProviderRefund, type NamelessLeg } from '../db/provider-refunds.ts';
import type { Database } from '../db/tables.ts';
import type { RefundId } from '../ids.ts';
import type { RefundFacts } from '../providers/provider.ts';
import { applyFacts, type FactContext } from './apply-facts.ts';
import { keyEndsAt } from './key-life.ts';
import { matchByAmount, type Nameless } from './match-by-amount.ts';
import { moveLeg } from './move-leg.ts';
import { isFinalLeg } from './transitions.ts';

export interface BoundByAmount {
  readonly changed: readonly RefundId[];
  /** Those that no leg of ours can be, so that they were made elsewhere. */
  readonly elsewhere: readonly RefundFacts[];
}

/**
 * Binds provider refunds that carry nothing of ours to legs whose answers were lost, by amount and time, once the
 * provider has forgotten their keys (MONEY section 5). Where more than one combination fits, the open legs wait for
 * a person. While any open leg has no name, what is left stays unbound. Under the payment's lock.
 */
export async function bindByAmount(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  unbound: readonly RefundFacts[],
): Promise<BoundByAmount> {
  if (unbound.length === 0) return { changed: [], elsewhere: [] };
  const legs = await listNamelessLegs(tx, payment.id);
  if (legs.length === 0) return { changed: [], elsewhere: unbound };
  const matches = matchByAmount(unbound, await candidatesOf(tx, context, payment, legs));
  const changed: RefundId[] = [];
  for (const { legId, facts } of matches.pairs)
    changed.push(
      await bind(
        tx,
        context,
        payment,
        legs.find(({ id }) => id === legId)!,
        facts,
      ),
    );
  for (const { legId, candidates } of matches.unclear) {
    const leg = legs.find(({ id }) => id === legId)!;
    if (await askPerson(tx, context, payment, leg, candidates)) changed.push(leg.refund_id);
  }
  const named = new Set(matches.pairs.map(({ legId }) => legId));
  const isBlocked = legs.some(({ id, status }) => !named.has(id) && !isFinalLeg(status));
  return { changed, elsewhere: isBlocked ? [] : matches.elsewhere };
}

async function candidatesOf(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  legs: readonly NamelessLeg[],
): Promise<Nameless[]> {
  const ids = legs.map(({ id }) => id);
  const shares = await listLegShares(tx, payment.merchant_id, ids);
  const keyLifeMs = context.connection.adapter.recovery.replayForMs;
  return legs.map((leg) => ({
    id: leg.id,
    status: leg.status,
    amountMinor: leg.amount_minor,
    currency: payment.currency,
    firstSentAt: leg.first_sent_at,
    isReady: !leg.is_being_answered && isOver(keyEndsAt(leg, keyLifeMs), context.now),
    shares: new Map(
      shares
        .filter((share) => share.leg_id === leg.id)
        .map((share) => [share.source.seller, share.amount_minor]),
    ),
  }));
}

const isOver = (ends: Date | null, now: Date): boolean => ends !== null && now >= ends;

async function bind(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  leg: NamelessLeg,
  facts: RefundFacts,
): Promise<RefundId> {
  const owner = { merchantId: payment.merchant_id, accountId: payment.account_id, paymentId: payment.id };
  await upsertProviderRefund(tx, owner, facts, leg.id, context.asOf);
  await insertRefundEvent(tx, {
    merchantId: payment.merchant_id,
    paymentId: payment.id,
    refundId: leg.refund_id,
    legId: leg.id,
    kind: 'refund.bound',
    from: leg.status,
    to: leg.status,
    source: 'PROVIDER_READ',
    cause: context.by,
    evidence: {
      why: 'the only one of its amount and time',
      providerRefundId: facts.providerRefundId,
      firstSentAt: leg.first_sent_at?.toISOString() ?? null,
    },
  });
  await applyFacts(tx, context, payment, await listLegs(tx, leg.refund_id), leg, facts);
  return leg.refund_id;
}

/** @returns false when a person has been asked already */
async function askPerson(
  tx: Kysely<Database>,
  context: FactContext,
  payment: Payment,
  leg: NamelessLeg,
  candidates: readonly string[],
): Promise<boolean> {
  if (leg.status !== 'UNKNOWN') return false;
  const evidence = {
    why: 'more than one combination of refunds at the provider fits',
    candidates: candidates.join(' '),
  };
  await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
    to: 'MANUAL_REVIEW',
    cause: 'plan',
    source: 'PROVIDER_READ',
    by: context.by,
    evidence,
  });
  context.alerts.raise('REFUND_NEEDS_VERDICT', { refundId: leg.refund_id, legId: leg.id, ...evidence });
  return true;
}
