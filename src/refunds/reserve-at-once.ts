import { insertRefund } from '../db/insert-refund.ts';
import type { IntentFacts } from '../db/intent-facts.ts';
import { listPaymentItems } from '../db/payment-items.ts';
import type { LockedPayment } from '../db/payments.ts';
import { wasRolledBack } from '../db/unavailable.ts';
import type { Connection } from '../providers/connections.ts';
import { readClocks } from './claim.ts';
import type { CreateRefundCommand } from './create-refund.ts';
import { mayBeSentFor } from './epoch.ts';
import type { FreshRefunds } from './find-forgotten.ts';
import { planIntent, reservedBy, type Reserved } from './intent.ts';
import type { Caller, World } from './world.ts';

/**
 * Commits the intent with one statement, without taking the payment's lock first: what was decided on is held by a
 * fence. Every change of it raises the version of the payment, in the transaction that makes the change, and the
 * statement reserves only on the version that was read; the row it updates is locked, and the CHECK holds the sum
 * as always. What depends on the time is looked at again by the statement.
 *
 * @returns undefined where nothing was done: the case is unusual, the answer would be no, or somebody was faster
 * @throws constraint violations, as the transaction does
 */
export async function reserveAtOnce(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  facts: IntentFacts,
  fresh?: FreshRefunds,
): Promise<Reserved | undefined> {
  const { payment } = facts;
  if (payment === undefined || isUnusual(command, connection, facts, payment, fresh)) return undefined;
  const { itemRefunds } = connection.adapter.capabilities;
  const intent = planIntent(world, caller, command, connection, {
    ...facts,
    payment,
    // Read later than the payment, and changed by nobody who does not change its version.
    lines: itemRefunds ? await listPaymentItems(world.db, payment.id) : [],
    forgotten: [],
    irreplaceable: undefined,
    isReadForThis: false,
  });
  if (!intent.ok) return undefined;
  const since = readClocks(world);
  const { version, epoch, locked_at: readAt } = payment;
  const fence = { version, epoch: epoch.number, readAt };
  try {
    const committedAt = await insertRefund(world.db, intent.value.refund, fence);
    return committedAt && reservedBy(world, connection, intent.value, since, committedAt);
  } catch (error) {
    // The server kept nothing of it; the transaction knows how to begin again.
    if (wasRolledBack(error)) return undefined;
    throw error;
  }
}

/** What needs more than was read, or writes more than an intent. */
const isUnusual = (
  { replaces, continues }: CreateRefundCommand,
  { adapter }: Connection,
  { earlier, openLegs }: IntentFacts,
  payment: LockedPayment,
  fresh: FreshRefunds | undefined,
): boolean =>
  earlier !== undefined ||
  replaces !== null ||
  continues != null ||
  !mayBeSentFor(payment) ||
  mayHaveBeenForgotten(payment) ||
  // A sender that never came back is noted first; and of what is unclear the bytes may be sent again at any moment.
  openLegs.some((leg) => leg.status === 'UNKNOWN' || (leg.status === 'SENDING' && !leg.lease_is_live)) ||
  // Bytes that say what is left are made from this read, if nothing was sent since.
  (adapter.buildsFromFreshPayment && fresh !== undefined);

/** Whether a refund of the payment may be unknown since a restore. */
const mayHaveBeenForgotten = ({ epoch, captured_at }: LockedPayment): boolean =>
  epoch.number > 1 && (captured_at === null || captured_at < epoch.openedAt);
