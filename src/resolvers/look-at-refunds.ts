import type { Refund } from '../db/legs.ts';
import type { RefundLeg } from '../db/read-batch.ts';
import type { RefundId } from '../ids.ts';
import { settledWithin } from '../refunds/background.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import type { LegStatus } from '../vocabulary.ts';
import { demandFreshness, type GraphQLContext } from './context.ts';
import type { LookLimits } from './look-arguments.ts';

/** Nothing was sent for a queued leg, so no provider knows anything of it. */
const legStatusesToLookAt: readonly LegStatus[] = ['SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'];

/**
 * Looks at the open legs of these refunds that are older than `maxAgeSeconds`, waits at most `waitMs`, and
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
  const wanted = (await legsOf(context, open)).filter((leg) => isDue(context, leg, maxAgeSeconds));
  if (wanted.length === 0) return refunds;
  const looking = context.world.background.run('look at refunds', () =>
    Promise.all(wanted.map((leg) => context.loaders.look.load({ legId: leg.id, accountId: leg.account_id }))),
  );
  if (waitMs === 0) return refunds;
  await settledWithin(looking, waitMs);
  for (const id of open) forget(context, id);
  const fresh = await Promise.all(open.map((id) => context.loaders.refund.load(id)));
  const byId = new Map(fresh.filter((row) => row !== null).map((row) => [row.id, row]));
  return refunds.map((refund) => byId.get(refund.id) ?? refund);
}

async function legsOf(context: GraphQLContext, ids: readonly RefundId[]): Promise<RefundLeg[]> {
  const legs = await Promise.all(ids.map((id) => context.loaders.legsOfRefund.load(id)));
  return legs.flatMap((some) => [...(some ?? [])]);
}

/** Older than wanted, and not looked at within the account's shortest interval. */
function isDue(context: GraphQLContext, leg: RefundLeg, maxAgeSeconds: number): boolean {
  const connection = context.world.connections.find(leg.account_id);
  if (connection === undefined || !legStatusesToLookAt.includes(leg.status)) return false;
  const ageMs = context.world.clock.now().getTime() - leg.as_of.getTime();
  return ageMs > Math.max(maxAgeSeconds * 1000, connection.minLookIntervalMs);
}

/** Lets the next read of a refund, its legs and its shares come from the database. */
export function forget(context: GraphQLContext, id: RefundId): void {
  context.loaders.refund.clear(id);
  context.loaders.legsOfRefund.clear(id);
  context.loaders.sharesOfRefund.clear(id);
  context.loaders.eventsOfRefund.clear(id);
}
