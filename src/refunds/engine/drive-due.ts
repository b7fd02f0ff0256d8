import { listDueAccounts, type DueAccount } from '../../db/due.ts';
import type { Connection } from '../../providers/connections.ts';
import type { World } from '../world.ts';
import { refreshAccountHealth } from '../account-health.ts';
import { afterLegs, steps, type Round } from './steps.ts';

/** Rows of one kind that are taken at a time, by account: what a page of a provider's list shows. */
export const batchSizeByDefault = 100;

/**
 * One round over all accounts: a batch of everything that is due, in parallel by account. Resolves when the work of
 * the round is done, provider calls included. What fails is logged and has its next time.
 *
 * @returns how many accounts had anything to do, and whether there may be more at once
 * @throws when the database cannot be asked what is due
 */
export async function driveDue(
  world: World,
  { batchSize = batchSizeByDefault }: { readonly batchSize?: number } = {},
): Promise<{ readonly accounts: number; readonly isFull: boolean }> {
  const due = await findDue(world);
  const round: Round = { batchSize, isStopping: () => world.background.draining };
  const full = await Promise.all(
    due.map(({ connection, account }) => driveAccount(world, connection, account, round)),
  );
  return { accounts: due.length, isFull: full.includes(true) };
}

/** The configured accounts that have anything to do, and what; two cheap queries when there is none. */
export async function findDue(
  world: World,
): Promise<readonly { readonly connection: Connection; readonly account: DueAccount }[]> {
  await refreshAccountHealth(world);
  const accounts = await listDueAccounts(
    world.db,
    world.connections.all().map((connection) => connection.accountId),
  );
  return accounts.flatMap((due) => {
    const connection = world.connections.find(due.accountId);
    if (connection === undefined) return [];
    // What cannot be listed is never swept, and would be due for ever.
    const account = { ...due, sweep: due.sweep && connection.adapter.capabilities.listByTime };
    return steps.some((step) => account[step.on]) ? [{ connection, account }] : [];
  });
}

/** One batch of each kind of work that an account has; never rejects. True when there may be more at once. */
export async function driveAccount(
  world: World,
  connection: Connection,
  account: DueAccount,
  round: Round,
): Promise<boolean> {
  let isFull = false;
  for (const step of steps) {
    if (!account[step.on] || round.isStopping()) continue;
    try {
      const outcome = await step.run(world, connection, round);
      isFull ||= outcome.isFull;
      if (outcome.legIds.length > 0)
        for (const after of afterLegs) await after(world, connection, outcome.legIds);
    } catch (error) {
      world.log.error(
        { err: error, account: connection.accountCode, step: step.name },
        'a round of an account failed',
      );
    }
  }
  return isFull;
}
