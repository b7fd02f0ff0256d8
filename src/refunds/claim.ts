import type { Kysely } from 'kysely';
import { inTransaction } from '../db/in-transaction.ts';
import { systemCause } from '../context.ts';
import { getAttempt, listLegs, listOpenLegs, type Attempt, type Leg, type OpenLeg } from '../db/legs.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { MerchantId, PaymentId, LegId, RefundId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { mayBeSentFor } from './epoch.ts';
import { isReadSince, isRebuilt, rebuildAttempt } from './fresh-bytes.ts';
import { moveLeg } from './move-leg.ts';
import { onceRead } from './once-read.ts';
import { failUnsent } from './overcommitment.ts';
import type { World } from './world.ts';

const hourMs = 3_600_000;

/** A leg QUEUED for longer is not sent by itself any more: a person sends or cancels it (MONEY section 1). */
export const queuedAtMostMs = 24 * hourMs;

/** What a paused account's legs wait before they are tried again. */
export const pausedAccountGapMs = 60_000;

/** A leg that this process, and no other, may send now. */
export interface Claim {
  readonly connection: Connection;
  readonly leg: Pick<Leg, 'id' | 'merchant_id' | 'refund_id' | 'amount_minor' | 'created_at'>;
  /** The other legs of the refund as they were then; absent for a leg that is sent once more. */
  readonly others?: readonly Pick<Leg, 'id' | 'status' | 'returned_minor' | 'sent_at'>[];
  /** With this send counted. */
  readonly attempt: Pick<
    Attempt,
    'attempt' | 'sends' | 'last_sent_at' | 'method' | 'path' | 'headers' | 'body'
  >;
  readonly payment: Payment;
  /** False once any earlier send of the attempt may have been executed. */
  readonly isFirstSend: boolean;
  /** Asked right before the first byte: a paused process must not wake up and send. */
  readonly mayStillSend: () => boolean;
}

/** Longer than twice the longest call, so that a living sender always ends inside its lease. */
export const leaseMsOf = (connection: Connection): number => connection.adapter.sendDeadlineMs * 2 + 10_000;

/** What both clocks of this process showed at one moment. */
export interface ClockReading {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/**
 * To be taken before the transaction that takes a lease: a lease counts from the start of its transaction, which may
 * then wait for locks.
 */
export const readClocks = ({ clock }: Pick<World, 'clock'>): ClockReading => ({
  monotonicMs: clock.monotonicMs(),
  wallMs: clock.now().getTime(),
});

/**
 * Asked right before the first byte: less than half of the lease has passed, on both clocks, and the key is still
 * remembered by the provider. Both clocks only measure what has passed; what time it is, the database says.
 *
 * @param since read before the lease was taken
 * @param replayLeftMs how long the key will be remembered, by the database's time; null where nothing was sent before
 */
export function sendCheck(
  world: Pick<World, 'clock'>,
  connection: Connection,
  since: ClockReading,
  replayLeftMs: number | null,
): () => boolean {
  const forMs = Math.min(leaseMsOf(connection) / 2, replayLeftMs ?? Number.POSITIVE_INFINITY);
  const monotonicLimit = since.monotonicMs + forMs;
  return () => {
    // The wall clock also runs while the machine sleeps; set back, it is believed by nobody.
    const passedMs = world.clock.now().getTime() - since.wallMs;
    return world.clock.monotonicMs() < monotonicLimit && passedMs < forMs;
  };
}

/**
 * Claims the next QUEUED leg of a payment, in order, unless another of its legs is being sent: sends are
 * serialised per payment, across refunds and replicas. Legs whose sender never came back become UNKNOWN here. Where the
 * bytes depend on what is left at the provider, the payment is read and they are made anew; a leg for which that leaves
 * no room fails, and the next one is taken.
 *
 * @param onlyLeg claims this leg only, even before its time; a leg that waited over a day needs this
 */
export async function claimNextLeg(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
  onlyLeg?: LegId,
): Promise<Claim | undefined> {
  for (;;) {
    const claim = await onceRead(world, connection, merchantId, paymentId, (readAt) =>
      tryToClaim(world, connection, merchantId, paymentId, onlyLeg, readAt),
    );
    if (claim === undefined || 'leg' in claim) return claim;
    world.changes.announce(claim.dropped);
    if (onlyLeg !== undefined) return undefined;
  }
}

/** A leg that cannot be sent any more, since what is left at the provider has no room for it. */
interface Dropped {
  readonly dropped: RefundId;
}

/** `not-read`: a leg is due, and the payment was not read since a restore, or not for a leg that is made anew. */
function tryToClaim(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
  onlyLeg: LegId | undefined,
  readAt: Date | undefined,
): Promise<Claim | Dropped | 'not-read' | undefined> {
  const since = readClocks(world);
  return inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, merchantId, paymentId);
    if (payment === undefined) return undefined;
    const open = await expireLeases(tx, world, payment);
    if (open.some((leg) => leg.lease_is_live) || isOccupied(connection, open)) return undefined;
    const now = payment.locked_at;
    const leg = open.find(
      (candidate) =>
        candidate.status === 'QUEUED' &&
        (onlyLeg === undefined ? isDue(candidate, now) : candidate.id === onlyLeg),
    );
    if (leg === undefined) return undefined;
    if (!mayBeSentFor(payment)) return 'not-read';
    let before = await getAttempt(tx, leg.id, leg.attempt);
    const legs = await listLegs(tx, leg.refund_id);
    if (isRebuilt(connection, before)) {
      if (!(await isReadSince(tx, payment, readAt))) return 'not-read';
      const rebuilt = await rebuildAttempt(tx, connection, payment, open, leg, before);
      if (rebuilt.kind === 'impossible') {
        await failUnsent(tx, { by: systemCause }, payment, leg, rebuilt.failure);
        return { dropped: leg.refund_id };
      }
      before = rebuilt.attempt;
    }
    await moveLeg(tx, payment, legs, leg, {
      to: 'SENDING',
      cause: 'claim',
      source: 'SERVICE',
      by: systemCause,
      patch: { leaseMs: leaseMsOf(connection) },
    });
    await noteSend(tx, before, now);
    return {
      connection,
      leg,
      others: legs.filter(({ id }) => id !== leg.id),
      attempt: { ...before, sends: before.sends + 1, last_sent_at: now },
      payment,
      isFirstSend: before.unclear_sends === 0,
      mayStillSend: sendCheck(world, connection, since, null),
    };
  });
}

/** The provider takes one operation of a payment at a time, and has one that is not finished. */
export const isOccupied = (connection: Connection, open: readonly Pick<Leg, 'status'>[]): boolean =>
  connection.adapter.capabilities.concurrentOperationsPerPayment === 'ONE' &&
  open.some((leg) => leg.status !== 'QUEUED');

const isDue = (leg: OpenLeg, now: Date): boolean =>
  (leg.next_look_at === null || leg.next_look_at <= now) &&
  now.getTime() - leg.queued_since.getTime() < queuedAtMostMs;

/** Counts a send before it happens: what may have been sent is never forgotten. */
export async function noteSend(tx: Kysely<Database>, attempt: Attempt, now: Date): Promise<void> {
  await tx
    .updateTable('leg_attempts')
    .set({ sends: attempt.sends + 1, first_sent_at: attempt.first_sent_at ?? now, last_sent_at: now })
    .where('leg_id', '=', attempt.leg_id)
    .where('attempt', '=', attempt.attempt)
    .execute();
}

/**
 * A SENDING leg whose lease has ended was left by a process that died: it may have been executed.
 * @returns the open legs of the payment as they are now
 */
export async function expireLeases(tx: Kysely<Database>, world: World, payment: Payment): Promise<OpenLeg[]> {
  const open = await listOpenLegs(tx, payment.id);
  const lost = open.filter((leg) => leg.status === 'SENDING' && !leg.lease_is_live);
  if (lost.length === 0) return open;
  for (const leg of lost) {
    world.log.warn({ refundId: leg.refund_id, legId: leg.id }, 'the sender of a leg never came back');
    await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
      to: 'UNKNOWN',
      cause: 'lease',
      source: 'SERVICE',
      by: systemCause,
      patch: { nextLookInMs: 0 },
    });
    await tx
      .updateTable('leg_attempts')
      .set((eb) => ({ unclear_sends: eb('unclear_sends', '+', 1) }))
      .where('leg_id', '=', leg.id)
      .where('attempt', '=', leg.attempt)
      .execute();
  }
  return listOpenLegs(tx, payment.id);
}

/** Legs of a payment whose sender never came back become UNKNOWN, so that they are shown and recovered as that. */
export async function expireLeasesOf(
  world: World,
  merchantId: MerchantId,
  paymentId: PaymentId,
): Promise<void> {
  await inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, merchantId, paymentId);
    if (payment !== undefined) await expireLeases(tx, world, payment);
  });
}
