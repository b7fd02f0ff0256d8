import { noteLooked, type LookId } from '../../db/look-leases.ts';
import { findPayment, type ReadPayment } from '../../db/payments.ts';
import { readBatchOf, type RefundLeg } from '../../db/read-batch.ts';
import type { LegId, MerchantId, PaymentId, RefundId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import type { LegStatus } from '../../vocabulary.ts';
import type { LegsLookedAt, LookFailures, MadeCall } from './followed-plan.ts';
import { inParallel } from '../in-parallel.ts';
import type { Wish, WishesMet } from './look-desk.ts';
import { lookAtMostMs } from './look-lease.ts';
import { wantLooks, type LookKind } from './look-rounds.ts';
import { lookAtLegs } from './look.ts';
import { planOfPayments, seeAsCall } from './see-as-call.ts';
import type { World } from '../world.ts';

const legKind: LookKind = {
  table: 'refund_legs',
  name: 'look at refunds',
  desk: (world) => world.looks.legs,
  look: (world, connection, ids, budget) =>
    lookAtLegs(world, connection.merchantId, ids as readonly LegId[], budget),
};

const paymentKind: LookKind = {
  table: 'payments',
  name: 'look at payments',
  desk: (world) => world.looks.payments,
  look: (world, connection, ids) => lookAtPayments(world, connection, ids as readonly PaymentId[]),
};

/** Nothing was sent for a queued leg, so no provider knows anything of it; of what is final readers never ask. */
const statusesToLookAt: readonly LegStatus[] = ['SENDING', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'];

/** A leg, as it was read by whoever wants it fresh. */
export type KnownLeg = Pick<
  RefundLeg,
  'id' | 'account_id' | 'payment_id' | 'status' | 'as_of' | 'looked_at' | 'read_at'
>;

/** How fresh somebody wants something. */
export interface Demand {
  readonly maxAgeSeconds: number;
  /** Bounds the answer, in milliseconds; 0: whatever is due is looked at in the background. */
  readonly waitMs: number;
  /** From when the age counts, by the database's time; absent: from when the row was read. */
  readonly askedAt?: Date;
}

/**
 * Has those of these legs looked at that are open and older than `maxAgeSeconds` and the shortest interval of their
 * account, together with everybody else who wants them, in this process and in others. A provider that is down changes
 * nothing; the look goes on after `waitMs` and is stored.
 *
 * @returns the plans that were followed for it, and what others have looked at
 */
export async function lookAtDueLegs(
  world: World,
  legs: readonly KnownLeg[],
  { maxAgeSeconds, waitMs, askedAt }: Demand,
): Promise<WishesMet> {
  const byAccount = Map.groupBy(legs, (leg) => leg.account_id);
  const met = await Promise.all(
    [...byAccount].map(async ([accountId, group]) => {
      const connection = world.connections.find(accountId);
      const wishes = connection && wishesFor(connection, group, maxAgeSeconds * 1000, askedAt);
      if (connection === undefined || wishes === undefined) return [];
      return [await wantLooks(world, legKind, connection, wishes, { waitMs })];
    }),
  );
  return mergeMet(met.flat());
}

/**
 * What of one account is due, and with it what will be soon: what is shown together then stays of one age, so that it
 * goes on sharing its calls. Only where one list tells of several.
 */
function wishesFor(
  connection: Connection,
  legs: readonly KnownLeg[],
  maxAgeMs: number,
  askedAt: Date | undefined,
): Wish[] | undefined {
  const { listByTime, listByPayment } = connection.adapter.capabilities;
  const open = legs.filter(({ status }) => statusesToLookAt.includes(status));
  const before = (leg: KnownLeg, ms: number) =>
    new Date((askedAt ?? leg.read_at).getTime() - Math.max(ms, connection.minLookIntervalMs));
  const isDue = (leg: KnownLeg, after: Date) =>
    Math.max(leg.as_of.getTime(), leg.looked_at?.getTime() ?? 0) < after.getTime();
  const wishes = new Map<LegId, Wish>();
  const payments = new Set<PaymentId>();
  for (const leg of open) {
    const after = before(leg, maxAgeMs);
    if (!isDue(leg, after)) continue;
    wishes.set(leg.id, { id: leg.id, after });
    payments.add(leg.payment_id);
  }
  if (wishes.size === 0) return undefined;
  for (const leg of open) {
    const after = before(leg, maxAgeMs / 2);
    const isListed = listByTime || (listByPayment && payments.has(leg.payment_id));
    if (isListed && !wishes.has(leg.id) && isDue(leg, after))
      wishes.set(leg.id, { id: leg.id, after, isAlong: true });
  }
  return [...wishes.values()];
}

const mergeMet = (all: readonly WishesMet[]): WishesMet => ({
  failures: all.flatMap(({ failures }) => failures),
  plans: all.flatMap(({ plans }) => plans),
  missed: all.flatMap(({ missed }) => missed),
  isUnfinished: all.some(({ isUnfinished }) => isUnfinished),
});

/**
 * Begins, in the background, the looks at these refunds that are due: for an answer that needs no rows, such as
 * "nothing has changed". The rows are read with those of all requests of this tick.
 */
export async function startDueLooks(
  world: World,
  merchantId: MerchantId,
  refundIds: readonly RefundId[],
  maxAgeSeconds: number,
): Promise<void> {
  const { legsOfRefund } = readBatchOf(world.db);
  const legs = await Promise.all(refundIds.map((id) => legsOfRefund(merchantId, id)));
  const known = legs.flatMap((some) => [...(some ?? [])]);
  await lookAtDueLegs(world, known, { maxAgeSeconds, waitMs: 0 });
}

/** A leg that has to be looked at, and not before `after`, by the database's time. */
export interface LegToAsk {
  readonly legId: LegId;
  readonly after: Date;
}

/**
 * Asks about these legs of one account now, in whatever status they are: a look that somebody else began after that
 * time serves as well. Waits a moment for the look of another process, and then asks beside it.
 *
 * @returns `missed` where a look could not be made or stored
 */
export function askAboutLegs(
  world: World,
  connection: Connection,
  legs: readonly LegToAsk[],
): Promise<WishesMet> {
  const wishes = legs.map(({ legId, after }) => ({ id: legId, after }));
  return wantLooks(world, legKind, connection, wishes, { waitMs: lookAtMostMs, isUrgent: true });
}

/** Has a payment read that is older than `maxAgeSeconds`, together with everybody else who wants it. */
export async function lookAtDuePayment(
  world: World,
  connection: Connection,
  payment: ReadPayment,
  { maxAgeSeconds, waitMs, askedAt = payment.read_at }: Demand,
): Promise<WishesMet> {
  const maxAgeMs = Math.max(maxAgeSeconds * 1000, connection.minLookIntervalMs);
  const after = new Date(askedAt.getTime() - maxAgeMs);
  if (Math.max(payment.as_of.getTime(), payment.looked_at?.getTime() ?? 0) >= after.getTime())
    return mergeMet([]);
  return wantLooks(world, paymentKind, connection, [{ id: payment.id, after }], { waitMs });
}

/** Reads payments at their provider, each by itself. */
async function lookAtPayments(
  world: World,
  connection: Connection,
  ids: readonly PaymentId[],
): Promise<LegsLookedAt> {
  const failures: LookFailures[number][] = [];
  const calls: MadeCall[] = [];
  const looks: { readonly id: LookId; readonly lookedAt: Date | null }[] = [];
  const see = async (id: PaymentId): Promise<void> => {
    const payment = await findPayment(world.db, connection.merchantId, id);
    if (payment === undefined) return;
    // To its end, and not only as long as somebody waits: what is under way must not be begun again.
    const { sight, call } = await seeAsCall(world, connection, payment.provider_payment_id, lookAtMostMs);
    calls.push(call);
    const isAnswered = sight.kind !== 'unavailable';
    if (!isAnswered) failures.push({ accountCode: connection.accountCode, failure: sight.failure });
    looks.push({ id, lookedAt: isAnswered ? payment.read_at : null });
  };
  await inParallel(ids, connection.maxInFlight, see, (id, error) => {
    world.log.error({ err: error, paymentId: id }, 'a payment that is polled could not be taken in');
    looks.push({ id, lookedAt: null });
  });
  await noteLooked(world.db, 'payments', looks);
  return { failures, plans: [planOfPayments(connection, calls)], putOff: [] };
}
