import type { Connection } from '../../providers/connections.ts';
import { endRestoring } from '../restoring.ts';
import type { World } from '../world.ts';
import type { Round, StepOutcome } from './steps.ts';

/** Reads a batch of what waits for an account since a restore. */
export async function driveRestoring(
  world: World,
  connection: Connection,
  round: Round,
): Promise<StepOutcome> {
  await endRestoring(world, connection, round.batchSize);
  return { isFull: false, legIds: [] };
}
