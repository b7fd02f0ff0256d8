import type { Refund } from '../db/legs.ts';
import type { RefundLeg, RefundShare } from '../db/read-batch.ts';
import type { Failure } from '../errors.ts';
import { isFinalRefund, moneyMovementOf } from '../refunds/derive.ts';
import { expectedArrival, type DateRange } from '../refunds/expected-arrival.ts';
import { freshnessOf, type Freshness } from '../refunds/looks/freshness.ts';
import { isFinalLeg } from '../refunds/transitions.ts';
import type { World } from '../refunds/world.ts';
import type { AttentionReason, MoneyMovement } from '../vocabulary.ts';
import { rhythmOf } from './account-rhythm.ts';
import type { GraphQLContext } from './context.ts';

/** By name. */
export async function legsOfRefund(context: GraphQLContext, refund: Refund): Promise<readonly RefundLeg[]> {
  return (await context.loaders.legsOfRefund.load(refund.id)) ?? [];
}

/** A seller's share with the leg that returns it. */
export interface RefundSource extends RefundShare {
  readonly leg: RefundLeg;
  /** What was returned to the payer from this share, in minor units. */
  readonly returned_minor: bigint;
}

/** By seller; never empty. */
export async function sourcesOfRefund(context: GraphQLContext, refund: Refund): Promise<RefundSource[]> {
  const [legs, shares] = await Promise.all([
    legsOfRefund(context, refund),
    context.loaders.sharesOfRefund.load(refund.id),
  ]);
  const legById = new Map(legs.map((leg) => [leg.id, leg]));
  return (shares ?? []).flatMap((share) => {
    const leg = legById.get(share.leg_id);
    return leg === undefined ? [] : [{ ...share, leg, returned_minor: returnedOf(share, leg) }];
  });
}

/** A leg of several shares tells only its sum, so a share of it counts when all of it was returned. */
function returnedOf(share: RefundShare, leg: RefundLeg): bigint {
  if (share.amount_minor === leg.amount_minor) return leg.returned_minor;
  return leg.returned_minor >= leg.amount_minor ? share.amount_minor : 0n;
}

export async function moneyMovementOfRefund(context: GraphQLContext, refund: Refund): Promise<MoneyMovement> {
  return moneyMovementOf(refund, await legsOfRefund(context, refund));
}

/**
 * Why the refund, or the first leg of it that did not succeed, is where it is. The legs may have been read a
 * moment after the refund: an open refund never shows why a leg of it has failed since.
 */
export async function failureOfRefund(context: GraphQLContext, refund: Refund): Promise<Failure | null> {
  const legs = await legsOfRefund(context, refund);
  const mayShowFailed = isFinalRefund(refund.status) || legs.length > 1;
  const telling = legs.filter(
    (leg) => leg.status !== 'SUCCEEDED' && (mayShowFailed || leg.status !== 'FAILED'),
  );
  return telling.find((leg) => leg.failure !== null)?.failure ?? null;
}

export interface RefundAttention {
  readonly reason: AttentionReason;
  readonly since: Date;
}

export const attentionOfRefund = ({ attention, attention_since }: Refund): RefundAttention | null =>
  attention === null || attention_since === null ? null : { reason: attention, since: attention_since };

/** By the figures of the refund's account; null where it has none. */
export const arrivalOfRefund = (context: GraphQLContext, refund: Refund): DateRange | null =>
  expectedArrival(refund, context.world.connections.find(refund.account_id)?.arrivalDays);

/** As fresh as the leg that was looked at longest ago. */
export async function freshnessOfRefund(context: GraphQLContext, refund: Refund): Promise<Freshness> {
  const legs = await legsOfRefund(context, refund);
  const planned = legs.flatMap(({ status, next_look_at: at }) =>
    isFinalLeg(status) || at === null ? [] : [at],
  );
  const maxAgeSeconds = context.operation.maxAgeSeconds.get(refund.id);
  const looks = { asOf: earliest(legs.map((leg) => leg.as_of)), nextLookAt: earliest(planned) };
  // What was as young as wanted when it was asked for does not grow stale on its way.
  const now = context.operation.askedAt ?? context.world.clock.now();
  const freshness = freshnessOfState(context.world, refund, looks, maxAgeSeconds, now);
  context.shown?.freshness.push(freshness);
  return freshness;
}

const earliest = (instants: readonly Date[]): Date | null =>
  instants.length === 0 ? null : new Date(Math.min(...instants.map((instant) => instant.getTime())));

/** When the legs of a refund were looked at, and will be. */
interface Looks {
  /** The oldest look at any of them; null: it has none. */
  readonly asOf: Date | null;
  /** The first that is planned for one that is open; null: none is. */
  readonly nextLookAt: Date | null;
}

export function freshnessOfState(
  world: World,
  refund: Pick<Refund, 'status' | 'account_id' | 'created_at' | 'updated_at'>,
  { asOf, nextLookAt }: Looks,
  maxAgeSeconds: number | undefined,
  now: Date,
): Freshness {
  return freshnessOf({
    ...rhythmOf(world, refund.account_id),
    status: refund.status,
    createdAt: refund.created_at,
    asOf: asOf ?? refund.updated_at,
    nextLookAt,
    now,
    maxAgeSeconds,
  });
}
