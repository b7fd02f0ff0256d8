import { listPausedAccounts } from '../../db/due.ts';
import type { World } from '../world.ts';

/** Learns which accounts other processes have paused, or found well again, since the last round. */
export async function refreshPausedAccounts(world: World): Promise<void> {
  const paused = new Set(await listPausedAccounts(world.db));
  for (const accountId of world.pausedAccounts)
    if (!paused.has(accountId)) world.pausedAccounts.delete(accountId);
  for (const accountId of paused) world.pausedAccounts.add(accountId);
}
