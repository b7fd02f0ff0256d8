import type { Kysely } from 'kysely';
import { findUnboundSince, setUnexplained, sumReversed } from '../db/due-payments.ts';
import { insertEvent } from '../db/events.ts';
import type { LockedPayment, Payment } from '../db/payments.ts';
import type { Database } from '../db/tables.ts';
import type { FactContext } from './apply-facts.ts';
import { lookGapMs } from './looks/freshness.ts';

/** A difference that so many looks in a row have shown is told. */
export const mismatchLooks = 2;

const minuteMs = 60_000;

/** Gaps between looks at a payment about which something is not explained; the last one repeats. */
const gapsMs = [minuteMs, 10 * minuteMs, 60 * minuteMs, 360 * minuteMs, 1_440 * minuteMs] as const;

/** What was marked as due during a read is read once more: less than the shortest gap, more than a commit takes. */
const markedWithinMs = gapsMs[0] / 2;

/**
 * After a look: whether the provider's own sum is explained by ours, and whether all of its refunds belong to somebody
 * (MONEY section 6). What is not is looked at again, at growing gaps; a difference at two looks a gap apart is told
 * once, and once more when it has ended. Our sums are not changed by it. Under the payment's lock.
 *
 * @param before as it was locked, before the facts of this look
 * @returns the payment with what is left to explain
 */
export async function settleUnexplained(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'alerts' | 'by' | 'asOf'>,
  before: LockedPayment,
  payment: Payment,
): Promise<Payment> {
  // Facts of an older look than the last were not stored.
  if (context.asOf < before.as_of) return payment;
  const now = before.locked_at;
  const isMarked =
    before.next_look_at !== null &&
    before.next_look_at > context.asOf &&
    before.next_look_at.getTime() <= now.getTime() + markedWithinMs;
  const looks = (await differs(tx, payment)) ? countLook(before, now) : 0;
  const gapMs = await nextGapMs(tx, payment, looks, now);
  const nextLookAt = isMarked ? before.next_look_at : inMs(now, gapMs);
  if (looks !== before.mismatch_looks) await tell(tx, context, before.mismatch_looks, looks, payment);
  const isSame =
    looks === payment.mismatch_looks &&
    nextLookAt?.getTime() === payment.next_look_at?.getTime() &&
    payment.look_failures === 0;
  if (isSame) return payment;
  await setUnexplained(tx, payment.id, { mismatchLooks: looks, nextLookAt });
  return { ...payment, mismatch_looks: looks, next_look_at: nextLookAt, look_failures: 0 };
}

/**
 * The provider counts what succeeded there, and, some of them, what is under way; what came back may still be among
 * it or not.
 */
async function differs(tx: Kysely<Database>, payment: Payment): Promise<boolean> {
  const { provider_refunded_minor: told, refunded_minor, reserved_minor, unbound_minor } = payment;
  if (told === null) return false;
  if (told < refunded_minor) return true;
  const explained = refunded_minor + reserved_minor + unbound_minor;
  return told > explained && told > explained + (await sumReversed(tx, payment.id));
}

/** Looks that come before the gap is over are not another one. */
const countLook = (before: LockedPayment, now: Date): number =>
  before.mismatch_looks === 0 || before.next_look_at === null || before.next_look_at <= now
    ? before.mismatch_looks + 1
    : before.mismatch_looks;

const inMs = (now: Date, ms: number | null): Date | null =>
  ms === null ? null : new Date(now.getTime() + ms);

/** Null: nothing is left to explain. */
async function nextGapMs(
  tx: Kysely<Database>,
  payment: Payment,
  looks: number,
  now: Date,
): Promise<number | null> {
  const gaps: number[] = [];
  if (looks > 0) gaps.push(gapsMs[Math.min(looks, gapsMs.length) - 1]!);
  const since = payment.unbound_minor > 0n ? await findUnboundSince(tx, payment.id) : undefined;
  if (since !== undefined) gaps.push(lookGapMs(gapsMs, now.getTime() - since.getTime()));
  return gaps.length === 0 ? null : Math.min(...gaps);
}

async function tell(
  tx: Kysely<Database>,
  context: Pick<FactContext, 'alerts' | 'by'>,
  before: number,
  looks: number,
  payment: Payment,
): Promise<void> {
  const begins = before < mismatchLooks && looks >= mismatchLooks;
  const ends = before >= mismatchLooks && looks === 0;
  if (!begins && !ends) return;
  const figures = {
    providerRefundedMinor: String(payment.provider_refunded_minor),
    refundedMinor: payment.refunded_minor.toString(),
    reservedMinor: payment.reserved_minor.toString(),
    unboundMinor: payment.unbound_minor.toString(),
  };
  await insertEvent(tx, {
    merchantId: payment.merchant_id,
    paymentId: payment.id,
    kind: begins ? 'payment.mismatch' : 'payment.matched',
    source: 'PROVIDER_READ',
    cause: context.by,
    evidence: figures,
  });
  if (begins) context.alerts.raise('PAYMENT_MISMATCH', { paymentId: payment.id, ...figures });
}
