import { systemCause } from '../context.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { getAttempt, listLegs } from '../db/legs.ts';
import type { LookTarget } from '../db/look-targets.ts';
import { lockPaymentForUpdate } from '../db/payments.ts';
import type { Connection } from '../providers/connections.ts';
import { moveLeg } from './move-leg.ts';
import { evidenceOfReview, isTold, nothingTold } from './recovery-step.ts';
import type { World } from './world.ts';

const why = 'the provider has taken it and cannot be asked how it ended';

/**
 * Hands legs that a provider has taken, and about which it cannot be asked, to a person once they are under way for
 * longer than is normal there (MONEY section 9), whether its messages tell the end or not: their amounts stay reserved,
 * and `resolveRefund` takes a verdict. A message that comes later still moves them.
 */
export async function handOverSilent(
  world: World,
  connection: Connection,
  targets: readonly LookTarget[],
  now: Date,
): Promise<void> {
  const { merchantId, adapter, accountCode } = connection;
  for (const { legId, refundId, paymentId, status, createdAt } of targets) {
    if (status !== 'PENDING' || now.getTime() - createdAt.getTime() < adapter.pendingNormallyMs) continue;
    const isMoved = await inTransaction(world.db, async (tx) => {
      const payment = await lockPaymentForUpdate(tx, merchantId, paymentId);
      const legs = await listLegs(tx, refundId);
      const leg = legs.find(({ id }) => id === legId);
      if (payment === undefined || leg?.status !== 'PENDING') return false;
      const attempt = await getAttempt(tx, leg.id, leg.attempt);
      await moveLeg(tx, payment, legs, leg, {
        to: 'MANUAL_REVIEW',
        cause: 'plan',
        source: 'SERVICE',
        by: systemCause,
        patch: { nextLookInMs: adapter.lookGapsMs.at(-1) ?? null },
        evidence: evidenceOfReview(adapter.recovery, attempt, isTold(adapter.recovery) ? nothingTold : why),
      });
      return true;
    });
    if (!isMoved) continue;
    world.alerts.raise('REFUND_NEEDS_VERDICT', { refundId, legId, account: accountCode });
    world.changes.announce(refundId);
  }
}
