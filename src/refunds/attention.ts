import type { AlertCode } from '../alerts.ts';
import { listRefundsToMark, markAttention, type StuckLimits } from '../db/attention.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { lockFreePayments } from '../db/payments.ts';
import type { LegId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { queuedAtMostMs } from './claim.ts';
import type { AttentionReason } from '../vocabulary.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;

/** A lost answer is found within moments; what is unclear for longer is shown to a person. */
export const unknownNormallyMs = 15 * minuteMs;

/** An account may be paused for a moment; what waits for longer behind it is shown. */
export const pausedNormallyMs = 5 * minuteMs;

/** For which marks somebody is called. Of a paused account they are by the account, of a review where it begins. */
const alertOf: Readonly<Record<AttentionReason, AlertCode | undefined>> = {
  UNKNOWN_TOO_LONG: 'REFUND_UNKNOWN_TOO_LONG',
  PENDING_TOO_LONG: 'REFUND_PENDING_TOO_LONG',
  QUEUED_TOO_LONG: 'LEG_NOT_SENT_FOR_A_DAY',
  ACCOUNT_PAUSED: undefined,
  MANUAL_REVIEW: undefined,
};

/**
 * Marks the refunds of these legs that have waited for longer than is normal, and takes marks away whose reason is
 * gone. Nothing is written where nothing changes; what is being changed by somebody else is left to the next call.
 */
export async function noteStuck(
  world: World,
  connection: Connection,
  legIds: readonly LegId[],
): Promise<void> {
  if (legIds.length === 0) return;
  const limits: StuckLimits = {
    unknownMs: unknownNormallyMs,
    pendingMs: connection.adapter.pendingNormallyMs,
    queuedMs: queuedAtMostMs,
    pausedMs: pausedNormallyMs,
  };
  const stale = await listRefundsToMark(world.db, legIds, limits);
  if (stale.length === 0) return;
  const marked = await inTransaction(world.db, async (tx) => {
    const locked = new Set(
      await lockFreePayments(
        tx,
        stale.map((refund) => refund.paymentId),
      ),
    );
    const free = stale.filter((refund) => locked.has(refund.paymentId)).map((refund) => refund.refundId);
    return markAttention(tx, free, limits);
  });
  for (const { refundId, attention } of marked) {
    const code = attention === null ? undefined : alertOf[attention];
    if (code !== undefined) world.alerts.raise(code, { refundId, account: connection.accountCode });
    world.changes.announce(refundId);
  }
}
