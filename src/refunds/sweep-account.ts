import { readAppNow } from '../db/payments.ts';
import {
  claimSweep,
  endSweep,
  markDifferingPayments,
  type SweepClaim,
  type SweepProgress,
} from '../db/sweeps.ts';
import type { SweepPosition } from '../db/tables.ts';
import type { PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { noteAccountHealth } from './account-health.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;

/** How often an account is swept. */
export const sweepGapMs = 5 * minuteMs;

/** Lists may lag behind by so much, and clocks may differ: this much is read again. */
export const sweepOverlapMs = 15 * minuteMs;

/** A longer time is swept in several windows, so that a list that breaks off costs one of them. */
const windowAtMostMs = 1_440 * minuteMs;

/** One round reads at most so many pages; the next goes on. */
const pagesPerRound = 10;

/** Longer than all pages of a round take. */
const leaseMs = 10 * minuteMs;

/**
 * Compares what an account's provider has refunded lately with what we know (MONEY section 5): a payment of ours with
 * a refund that we do not know, or know otherwise, becomes due, and `lookAtDuePayments` takes it in. One process
 * sweeps an account at a time. `swept_until` moves over what was completely read and nothing else. A provider that
 * cannot list by time is not swept; one that does not answer is asked again later.
 *
 * @returns the payments that became due
 */
export async function sweepAccount(world: World, connection: Connection): Promise<PaymentId[]> {
  if (!connection.adapter.capabilities.listByTime) return [];
  const claim = await claimSweep(world.db, connection.merchantId, connection.accountId, leaseMs);
  if (claim === undefined) return [];
  const due = new Set<PaymentId>();
  const progress = await sweep(world, connection, claim, due);
  await endSweep(world.db, claim, progress);
  return [...due];
}

/** A window of time, and where in its list to go on; the newest refunds come first. */
interface Window {
  readonly from: Date;
  readonly to: Date;
  readonly cursor: string | null;
}

async function sweep(
  world: World,
  connection: Connection,
  claim: SweepClaim,
  due: Set<PaymentId>,
): Promise<SweepProgress> {
  let sweptUntil = claim.swept_until;
  let window = goOn(claim) ?? nextWindow(sweptUntil ?? claim.first_used_at, claim.now);
  for (let pages = 0; window !== undefined && pages < pagesPerRound; pages += 1) {
    const asOf = await readAppNow(world.db);
    const look = await connection.adapter.listRefunds(connection.access, {
      createdFrom: window.from,
      createdTo: window.to,
      ...(window.cursor === null ? {} : { cursor: window.cursor }),
    });
    if (look.kind !== 'found') {
      if (look.kind === 'unavailable')
        await noteAccountHealth(world, connection, 'READ', { kind: 'unknown', failure: look.failure });
      // A place that was kept may be forgotten there: the window begins anew.
      return { sweptUntil, position: pages === 0 ? null : positionOf(window), nextSweepInMs: sweepGapMs };
    }
    for (const id of await markDifferingPayments(world.db, claim.account_id, look.value.refunds, asOf))
      due.add(id);
    const { nextCursor } = look.value;
    if (nextCursor === null) {
      sweptUntil = window.to;
      window = window.to < claim.now ? nextWindow(sweptUntil, claim.now) : undefined;
    } else window = { ...window, cursor: nextCursor };
  }
  const isDone = window === undefined;
  return {
    sweptUntil,
    position: window === undefined ? null : positionOf(window),
    nextSweepInMs: isDone ? sweepGapMs : 0,
  };
}

/** Nothing before the account was used can be of a payment that we know. */
function nextWindow(since: Date | null, now: Date): Window | undefined {
  if (since === null) return undefined;
  const from = new Date(since.getTime() - sweepOverlapMs);
  const to = new Date(Math.min(from.getTime() + windowAtMostMs, now.getTime()));
  return { from, to, cursor: null };
}

const goOn = ({ sweep_position: kept }: SweepClaim): Window | undefined =>
  kept === null ? undefined : { from: new Date(kept.from), to: new Date(kept.to), cursor: kept.cursor };

const positionOf = ({ from, to, cursor }: Window): SweepPosition | null =>
  cursor === null ? null : { from: from.toISOString(), to: to.toISOString(), cursor };
