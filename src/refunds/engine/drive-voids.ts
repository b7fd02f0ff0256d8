import { claimDueOperations, releaseOperation } from '../../db/due.ts';
import { readAppNow } from '../../db/payments.ts';
import type { Connection } from '../../providers/connections.ts';
import { leaseMsOf } from '../claim.ts';
import { lookGapMs } from '../looks/freshness.ts';
import { resumeVoid } from '../run-void.ts';
import type { World } from '../world.ts';
import { inParallel } from '../in-parallel.ts';
import type { Round, StepOutcome } from './steps.ts';

/** One batch of an account's voids whose answers were lost or whose senders never came back. */
export async function driveVoids(world: World, connection: Connection, round: Round): Promise<StepOutcome> {
  const leaseMs = leaseMsOf(connection);
  const due = await claimDueOperations(world.db, connection.accountId, round.batchSize, leaseMs);
  await inParallel(
    due,
    connection.maxInFlight,
    async (operation) => {
      try {
        if (!round.isStopping()) await resumeVoid(world, operation.merchantId, operation.id, leaseMs);
      } finally {
        const ageMs = (await readAppNow(world.db)).getTime() - operation.createdAt.getTime();
        await releaseOperation(world.db, operation, lookGapMs(connection.adapter.lookGapsMs, ageMs));
      }
    },
    (operation, error) =>
      world.log.error(
        { err: error, operationId: operation.id },
        'a void that was due could not be worked on',
      ),
  );
  return { isFull: due.length === round.batchSize, legIds: [] };
}
