import type { DueLeg } from '../../db/due.ts';
import { claimProbe } from '../../db/due.ts';
import type { Connection } from '../../providers/connections.ts';
import { claimNextLeg, pausedAccountGapMs } from '../claim.ts';
import { sendLeg } from '../send-leg.ts';
import { runLine } from '../sending-line.ts';
import type { World } from '../world.ts';
import { inParallel } from '../in-parallel.ts';
import type { Batch } from './batch.ts';

/**
 * Sends what waits: payment by payment, each in its order, at most `maxInFlight` payments at once. Of an account
 * whose credentials are refused, one leg is tried now and then, by one process.
 */
export async function sendQueued(
  world: World,
  connection: Connection,
  batch: Batch,
  legs: readonly DueLeg[],
): Promise<void> {
  const [first] = legs;
  if (first === undefined) return;
  if (world.pausedAccounts.has(connection.accountId)) {
    for (const leg of legs) batch.note(leg.id, 'done');
    await probe(world, connection, first);
    return;
  }
  const payments = [...Map.groupBy(legs, (leg) => leg.paymentId)];
  await inParallel(
    payments,
    connection.maxInFlight,
    async ([paymentId, waiting]) => {
      if (batch.isOver()) return;
      for (const leg of waiting) batch.note(leg.id, 'done');
      await runLine(world, connection, connection.merchantId, paymentId);
    },
    ([, waiting], error) => batch.fail(waiting, error),
  );
}

/** A definite answer to it ends the pause. */
async function probe(world: World, connection: Connection, leg: DueLeg): Promise<void> {
  if (!(await claimProbe(world.db, connection.accountId, pausedAccountGapMs))) return;
  const claim = await claimNextLeg(world, connection, connection.merchantId, leg.paymentId);
  if (claim !== undefined) await sendLeg(world, claim);
}
