import type { Refund } from '../db/legs.ts';
import type { RefundLeg } from '../db/read-batch.ts';
import type { RefundId } from '../ids.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import { lookAtDueLegs } from '../refunds/looks/look-together.ts';
import { demandFreshness, noteLook, type GraphQLContext } from './context.ts';
import type { LookLimits } from './look-arguments.ts';

/**
 * Has the open legs of these refunds looked at that are older than `maxAgeSeconds`, waits at most `waitMs`, and
 * returns the refunds as they are stored then, in the same order. What is too late goes on in the background
 * and is stored when it comes; a provider that is down changes nothing. Never throws for either.
 */
export async function lookAtRefunds(
  context: GraphQLContext,
  refunds: readonly Refund[],
  { maxAgeSeconds, waitMs }: LookLimits,
): Promise<readonly Refund[]> {
  if (maxAgeSeconds === undefined) return refunds;
  for (const refund of refunds) demandFreshness(context, refund.id, maxAgeSeconds);
  const open = refunds.filter((refund) => !isFinalRefund(refund.status)).map((refund) => refund.id);
  const legs = await legsOf(context, open);
  const [first] = legs;
  if (first === undefined) {
    noteLook(context, { plans: [], isUnfinished: false });
    return refunds;
  }
  // What one field of an operation has looked at is young enough for the next one.
  const askedAt = (context.operation.askedAt ??= first.read_at);
  const met = await lookAtDueLegs(context.world, legs, { maxAgeSeconds, waitMs, askedAt });
  noteLook(context, met);
  if (met.plans.length + met.failures.length + met.missed.length === 0) return refunds;
  for (const id of open) forget(context, id);
  const fresh = await Promise.all(open.map((id) => context.loaders.refund.load(id)));
  const byId = new Map(fresh.filter((row) => row !== null).map((row) => [row.id, row]));
  return refunds.map((refund) => byId.get(refund.id) ?? refund);
}

async function legsOf(context: GraphQLContext, ids: readonly RefundId[]): Promise<RefundLeg[]> {
  const legs = await Promise.all(ids.map((id) => context.loaders.legsOfRefund.load(id)));
  return legs.flatMap((some) => [...(some ?? [])]);
}

/** Lets the next read of a refund, its legs and its shares come from the database. */
export function forget(context: GraphQLContext, id: RefundId): void {
  context.loaders.refund.clear(id);
  context.loaders.legsOfRefund.clear(id);
  context.loaders.sharesOfRefund.clear(id);
  context.loaders.eventsOfRefund.clear(id);
}
