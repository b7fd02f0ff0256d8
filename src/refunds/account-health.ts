import { endPause, listPausedAccounts, pauseAccount, type CallKind } from '../db/account-health.ts';
import type { Connection } from '../providers/connections.ts';
import type { SendOutcome } from '../providers/provider.ts';
import { isAvailable } from './unavailable-adapter.ts';
import type { World } from './world.ts';

/** What an answer shows of an account, where it shows anything. */
type Shown = Pick<SendOutcome, 'kind'> & { readonly failure?: { readonly code: string } };

/**
 * Refused credentials pause an account over all replicas: its queued legs wait with their amounts reserved, and one
 * alarm is raised. Only a definite answer to the same kind of call ends the pause, since rights to read and to send
 * are often apart; a send that was taken ends it in any case. Nothing is written while nothing changes.
 */
export async function noteAccountHealth(
  world: World,
  connection: Connection,
  call: CallKind,
  shown: Shown,
): Promise<void> {
  const { accountId, accountCode } = connection;
  if (shown.failure?.code === 'AUTHENTICATION_FAILED') {
    const begun = await pauseAccount(world.db, accountId, call);
    world.pausedAccounts.add(accountId);
    if (begun)
      world.alerts.raise(
        'ACCOUNT_CREDENTIALS_REFUSED',
        { account: accountCode, call },
        'the provider refuses the credentials of this account; its refunds wait',
      );
    return;
  }
  const isTaken = shown.kind === 'accepted' || shown.kind === 'refused';
  if (!isTaken || !world.pausedAccounts.has(accountId)) return;
  const ended = await endPause(world.db, accountId, call);
  if (ended)
    world.log.info({ account: accountCode }, 'the provider takes the credentials of this account again');
  // Not only when it ended here: another replica may have ended it, and it may be paused for another reason.
  await refreshAccountHealth(world);
}

/**
 * Whether it makes sense to send for this account now: it is not paused, what it needs has loaded, and its provider answers. Otherwise a leg
 * stays QUEUED as it is, instead of being taken and put back again and again.
 */
export const maySendFor = (world: Pick<World, 'pausedAccounts'>, connection: Connection): boolean =>
  !world.pausedAccounts.has(connection.accountId) &&
  !connection.access.http.isGivenUp() &&
  isAvailable(connection);

/** Learns which accounts are paused, by whichever replica: once per round of the engine. */
export async function refreshAccountHealth(world: Pick<World, 'db' | 'pausedAccounts'>): Promise<void> {
  const paused = new Set(await listPausedAccounts(world.db));
  for (const accountId of world.pausedAccounts)
    if (!paused.has(accountId)) world.pausedAccounts.delete(accountId);
  for (const accountId of paused) world.pausedAccounts.add(accountId);
}
