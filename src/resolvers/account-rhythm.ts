import type { AccountId } from '../ids.ts';
import type { AccountRhythm } from '../refunds/looks/freshness.ts';
import type { World } from '../refunds/world.ts';

/** The shortest time between two looks of an account that is not configured any more, in milliseconds. */
const DEFAULT_MIN_LOOK_INTERVAL_MS = 2_000;

/** How often it is worth asking for what belongs to this account. */
export function rhythmOf(
  { connections, pausedAccounts }: Pick<World, 'connections' | 'pausedAccounts'>,
  accountId: AccountId,
): AccountRhythm {
  const connection = connections.find(accountId);
  return {
    lookGapsMs: connection?.adapter.lookGapsMs ?? [],
    minLookIntervalMs: connection?.minLookIntervalMs ?? DEFAULT_MIN_LOOK_INTERVAL_MS,
    tells: connection?.adapter.webhooks !== undefined,
    isPaused: pausedAccounts.has(accountId),
  };
}
