import { listUnsentLegs, type Leg } from '../db/legs.ts';
import type { RefundId } from '../ids.ts';
import { maySendFor } from './account-health.ts';
import { runLine } from './sending-line.ts';
import type { World } from './world.ts';

const firstPauseMs = 50;
const longestPauseMs = 500;

/**
 * Waits until no leg of the refund is being sent or about to be, or until `deadline` on the monotonic clock.
 * Woken by this process's own changes; what another replica does is found by asking the database.
 * A leg that nobody is sending, since its sender died or has not come to it, is sent by this process.
 */
export async function waitUntilSent(world: World, refundId: RefundId, deadline: number): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const leftMs = deadline - world.clock.monotonicMs();
    if (leftMs <= 0) return;
    const woken = world.changes.next(refundId, Math.min(pauseMs, leftMs));
    const legs = await listUnsentLegs(world.db, refundId);
    const moving = legs.find((leg) => leg.status === 'SENDING' || (leg.is_due && maySend(world, leg)));
    if (moving === undefined) return;
    if (!moving.lease_is_live) sendOn(world, moving);
    await woken;
  }
}

/** An account that is not configured any more sends nothing; somebody else may. */
function maySend(world: World, leg: Pick<Leg, 'account_id'>): boolean {
  const connection = world.connections.find(leg.account_id);
  return connection === undefined ? !world.pausedAccounts.has(leg.account_id) : maySendFor(world, connection);
}

function sendOn(world: World, leg: Pick<Leg, 'account_id' | 'merchant_id' | 'payment_id'>): void {
  const connection = world.connections.find(leg.account_id);
  if (connection !== undefined) void runLine(world, connection, leg.merchant_id, leg.payment_id);
}
