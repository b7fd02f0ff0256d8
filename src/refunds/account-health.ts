import { sql } from 'kysely';
import { isRestoring } from '../db/epochs.ts';
import type { AccountHealth } from '../db/tables.ts';
import type { Connection } from '../providers/connections.ts';
import type { SendOutcome } from '../providers/provider.ts';
import type { World } from './world.ts';

/**
 * Refused credentials pause an account: its queued legs wait, one alarm is raised. Any definite answer
 * to a send ends the pause. One conditional update: nothing is written while nothing changes.
 */
export async function noteAccountHealth(
  world: World,
  connection: Connection,
  outcome: Pick<SendOutcome, 'kind'> & { readonly failure?: { readonly code: string } },
): Promise<void> {
  const health = healthShownBy(outcome);
  if (health === undefined || world.pausedAccounts.has(connection.accountId) === (health !== 'OK')) return;
  if (health !== 'OK') world.pausedAccounts.add(connection.accountId);
  const changed = await world.db
    .updateTable('accounts')
    .set({ health, health_since: sql<Date>`app_now()` })
    .where('id', '=', connection.accountId)
    // An account that is being restored is left alone.
    .where('health', '=', health === 'OK' ? 'CREDENTIALS_REFUSED' : 'OK')
    .executeTakeFirst();
  if (health === 'OK' && !(await isRestoring(world.db, connection.accountId)))
    world.pausedAccounts.delete(connection.accountId);
  if (changed.numUpdatedRows > 0n && health !== 'OK')
    world.alerts.raise(
      'ACCOUNT_CREDENTIALS_REFUSED',
      { account: connection.accountCode },
      'the provider refuses the credentials of this account; its refunds wait',
    );
}

function healthShownBy(outcome: Parameters<typeof noteAccountHealth>[2]): AccountHealth | undefined {
  if (outcome.failure?.code === 'AUTHENTICATION_FAILED') return 'CREDENTIALS_REFUSED';
  return outcome.kind === 'accepted' || outcome.kind === 'refused' ? 'OK' : undefined;
}
