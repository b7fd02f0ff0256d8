import {
  countFailedLook,
  endRestoringOf,
  isRestoring,
  listUnreadPayments,
  readNowAndEpoch,
  type UnreadPayment,
} from '../db/epochs.ts';
import type { Connection } from '../providers/connections.ts';
import { seePayment } from './see-payment.ts';
import type { World } from './world.ts';

/** How many payments one call reads, so that a round of the engine stays short. */
const batchSize = 50;

/** Reads that fail in a row end a call: the provider is away, and the next round tries again. */
const failuresInARow = 3;

/**
 * Brings an account out of RESTORING (MONEY section 10): reads its payments with something under way, a batch at a
 * time, so that what was executed there before the restore binds to its legs. When none is left that could be
 * read, its queued legs are sent again. A payment that the provider does not know any more, or whose refunds it does
 * not list, holds up itself alone.
 *
 * @returns true when the account is not RESTORING any more
 */
export async function endRestoring(
  world: World,
  connection: Connection,
  atMost: number = batchSize,
): Promise<boolean> {
  const { accountId } = connection;
  if (!(await isRestoring(world.db, accountId))) return true;
  world.pausedAccounts.add(accountId);
  const { epoch } = await readNowAndEpoch(world.db);
  const unread = await listUnreadPayments(world.db, accountId, atMost);
  const isAnswered = await readAll(world, connection, unread);
  if (!isAnswered || unread.length === atMost) return false;
  const ended = await endRestoringOf(world.db, accountId, epoch.number);
  if (!ended) return false;
  world.pausedAccounts.delete(accountId);
  world.log.info(
    { account: connection.accountCode },
    'what waited for this account was read after the restore',
  );
  return true;
}

/** @returns whether the provider answered about every payment */
async function readAll(
  world: World,
  connection: Connection,
  payments: readonly UnreadPayment[],
): Promise<boolean> {
  let isAnswered = true;
  let inARow = 0;
  for (const payment of payments) {
    if (world.background.draining || inARow === failuresInARow) return false;
    const sight = await seePayment(world, connection, payment.provider_payment_id);
    inARow = sight.kind === 'unavailable' ? inARow + 1 : 0;
    if (sight.kind === 'unavailable') isAnswered = false;
    // Those that can be read come first the next time.
    if (sight.kind !== 'seen' || sight.payment.read_epoch < (await epochOf(world)))
      await countFailedLook(world.db, payment.id);
  }
  return isAnswered;
}

const epochOf = async (world: World): Promise<number> => (await readNowAndEpoch(world.db)).epoch.number;
