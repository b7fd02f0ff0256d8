import {
  endRestoringOf,
  isRestoring,
  listUnreadPayments,
  readNowAndEpoch,
  type UnreadPayment,
} from '../db/epochs.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import type { PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { seePayment } from './see-payment.ts';
import type { World } from './world.ts';

/** How many payments one call reads, so that a round of the engine stays short. */
const batchSize = 50;

/** Reads that fail in a row end a call: the provider is away, and the next round tries again. */
const failuresInARow = 3;

/** How far this process has come with the payments of an account in an epoch. */
export interface RestoringPass {
  readonly epoch: number;
  /** The last payment that was asked for; the next call goes on behind it. */
  after: PaymentId | null;
  /** False when the provider could not be asked for one of them: then another pass follows. */
  isAnswered: boolean;
}

/**
 * Brings an account out of RESTORING (MONEY section 10): reads its payments with something under way, a batch per
 * call, so that what was executed there before the restore binds to its legs. When the provider has answered about
 * each, the account's queued refunds are sent again. A payment that the provider does not know any more, or
 * whose refunds it does not list, holds up itself alone. To be called until it says true; any number of processes may.
 *
 * @returns true when the account is not RESTORING any more
 */
export async function endRestoring(
  world: World,
  connection: Connection,
  atMost: number = batchSize,
): Promise<boolean> {
  const { accountId, accountCode } = connection;
  if (!(await isRestoring(world.db, accountId))) return true;
  world.pausedAccounts.add(accountId);
  const { epoch } = await readNowAndEpoch(world.db);
  const known = world.restoring.get(accountId);
  const pass: RestoringPass =
    known?.epoch === epoch.number ? known : { epoch: epoch.number, after: null, isAnswered: true };
  world.restoring.set(accountId, pass);
  const unread = await listUnreadPayments(world.db, accountId, pass.after, atMost);
  const isThrough = await readAll(world, connection, unread, pass);
  if (!isThrough || unread.length === atMost) return false;
  world.restoring.delete(accountId);
  if (!pass.isAnswered || !(await endRestoringOf(world.db, accountId, epoch.number))) return false;
  world.pausedAccounts.delete(accountId);
  world.log.info({ account: accountCode }, 'what waited for this account was read after the restore');
  return true;
}

/** @returns false when it ended before the last one */
async function readAll(
  world: World,
  connection: Connection,
  payments: readonly UnreadPayment[],
  pass: RestoringPass,
): Promise<boolean> {
  let inARow = 0;
  for (const payment of payments) {
    if (world.background.draining || inARow === failuresInARow) return false;
    const isUnavailable = await cannotBeAsked(world, connection, payment);
    pass.after = payment.id;
    inARow = isUnavailable ? inARow + 1 : 0;
    if (isUnavailable) pass.isAnswered = false;
  }
  return true;
}

/** An answer that cannot be taken in holds up its own payment: nothing is sent for what was not read. */
async function cannotBeAsked(world: World, connection: Connection, payment: UnreadPayment): Promise<boolean> {
  try {
    return (await seePayment(world, connection, payment.provider_payment_id)).kind === 'unavailable';
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error;
    world.log.error({ err: error, paymentId: payment.id }, 'a payment could not be taken in after a restore');
    return false;
  }
}
