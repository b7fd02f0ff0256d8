import { inTransaction } from '../db/in-transaction.ts';
import { readKeyAndOperation } from '../db/idempotency.ts';
import { insertRefund } from '../db/insert-refund.ts';
import type { IntentFacts } from '../db/intent-facts.ts';
import { listPaymentItems } from '../db/payment-items.ts';
import { listPaymentSources, lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { refuse, succeed, type Result } from '../errors.ts';
import type { Connection } from '../providers/connections.ts';
import { bindForgotten, notAdopted, NotAdopted } from './bind-forgotten.ts';
import { expireLeases, readClocks } from './claim.ts';
import type { CreateRefundCommand, RefundCreated } from './create-refund.ts';
import { mayBeSentFor, notReadYet } from './epoch.ts';
import { findForgotten, type FreshRefunds } from './find-forgotten.ts';
import { isReadSince } from './fresh-bytes.ts';
import { planIntent, reservedBy, type Reserved } from './intent.ts';
import { whyNotReplaceable } from './replaces.ts';
import { replayOf } from './replay.ts';
import { reserveAtOnce } from './reserve-at-once.ts';
import type { Caller, World } from './world.ts';

/**
 * Commits the intent of a refund: in one statement where nothing is unusual and nobody is faster, else under the
 * payment's lock, where every case is decided. What the caller is refused was always decided there.
 *
 * @param facts what was read of key and payment just now
 * @param fresh what a read of the payment at its provider, made by the caller just now, has shown
 *
 * @throws constraint violations, which the caller maps: idempotency_pkey, refunds_reference_unique
 */
export async function reserveRefund(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  located: Payment,
  facts: IntentFacts,
  fresh?: FreshRefunds,
): Promise<Result<Reserved>> {
  const reserved = await reserveAtOnce(world, caller, command, connection, facts, fresh);
  return reserved === undefined
    ? reserveUnderLock(world, caller, command, connection, located, fresh)
    : succeed(reserved);
}

/**
 * The intent, in one transaction: lock the payment, look at the key again, decide, reserve, and commit refund, legs,
 * exact bytes and event.
 *
 * @throws constraint violations, which the caller maps: idempotency_pkey, refunds_reference_unique
 */
export function reserveUnderLock(
  world: World,
  caller: Caller,
  command: CreateRefundCommand,
  connection: Connection,
  located: Payment,
  fresh?: FreshRefunds,
): Promise<Result<Reserved>> {
  const since = readClocks(world);
  const reserving = inTransaction(world.db, async (tx): Promise<Result<Reserved>> => {
    const { merchantId } = caller.viewer;
    const payment = await lockPaymentForUpdate(tx, merchantId, located.id);
    if (payment === undefined) throw new Error(`payment ${located.id} has vanished`);
    const { earlier, isBeingCanceled } = await readKeyAndOperation(
      tx,
      merchantId,
      command.idempotencyKey,
      payment.id,
    );
    const replay = earlier && replayOf(command, earlier, payment.id);
    if (replay !== undefined) return nothingToSend(replay);
    const { capabilities, buildsFromFreshPayment } = connection.adapter;
    if (!mayBeSentFor(payment)) return refuse(notReadYet(capabilities, payment));
    const openLegs = await expireLeases(tx, world, payment);
    const sources = await listPaymentSources(tx, payment.id);
    const lines = capabilities.itemRefunds ? await listPaymentItems(tx, payment.id) : [];
    const { idempotencyKey } = command;
    const forgotten = await findForgotten(tx, caller.viewer, idempotencyKey, payment, sources, fresh);
    if (forgotten === undefined) return refuse(notReadYet(capabilities, payment));
    const intent = planIntent(world, caller, command, connection, {
      payment,
      isBeingCanceled,
      openLegs,
      sources,
      lines,
      forgotten,
      irreplaceable:
        command.replaces === null ? undefined : await whyNotReplaceable(tx, payment, command.replaces),
      isReadForThis: buildsFromFreshPayment && (await isReadSince(tx, payment, fresh?.asOf)),
    });
    if (!intent.ok) return intent;
    await insertRefund(tx, intent.value.refund);
    const reserved = reservedBy(world, connection, intent.value, since, payment.locked_at);
    if (forgotten.length === 0 || fresh === undefined) return succeed(reserved);
    const adoption = { refundId: reserved.refundId, forgotten, asOf: fresh.asOf };
    await bindForgotten(tx, world, connection, payment, sources, adoption);
    return succeed({ ...reserved, replayed: true });
  });
  return reserving.catch((error: unknown) => {
    if (error instanceof NotAdopted) return refuse(notAdopted);
    throw error;
  });
}

/** A replay as an answer of a reservation: what its key made is sent, or was, by somebody else. */
export const nothingToSend = (replay: Result<RefundCreated>): Result<Reserved> =>
  replay.ok ? succeed({ ...replay.value, claim: undefined, legCount: 0 }) : replay;
