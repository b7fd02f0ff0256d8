import { inTransaction } from '../db/in-transaction.ts';
import { systemCause } from '../context.ts';
import { getAttempt, listLegs, listLegsById, listOpenLegs, type Attempt, type Leg } from '../db/legs.ts';
import { lockPaymentForUpdate } from '../db/payments.ts';
import { fromAppNow } from '../db/sql-time.ts';
import type { MerchantId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { leaseMsOf, noteSend, sendCheck, type Claim } from './claim.ts';
import { lookAtLegs, type LookFailures } from './look.ts';
import { moveLeg } from './move-leg.ts';
import { sendLeg } from './send-leg.ts';
import type { World } from './world.ts';

/**
 * Finds out about a leg whose answer was lost (MONEY section 4): look, then, within the key's life, send the
 * same bytes again; after it only look, and in the end hand it to a person. Absence alone frees nothing.
 */
export async function recoverLeg(world: World, connection: Connection, leg: Leg): Promise<LookFailures> {
  const failures = await lookAtLegs(world, leg.merchant_id, [leg.id]);
  const [current] = await listLegsById(world.db, leg.merchant_id, [leg.id]);
  if (current?.status !== 'UNKNOWN' || failures.length > 0) return failures;
  const claim = await claimReplay(world, connection, current.merchant_id, current);
  if (claim === undefined) return [];
  const outcome = await sendLeg(world, claim);
  // A replay may answer with the state of long ago: what counts is what a read says now.
  return outcome.kind === 'accepted' ? lookAtLegs(world, leg.merchant_id, [leg.id]) : [];
}

/**
 * Takes the lease for sending an UNKNOWN leg's bytes once more, unless anything of the payment is being sent
 * or the provider may have forgotten the key.
 */
function claimReplay(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  known: Leg,
): Promise<Claim | undefined> {
  return inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, merchantId, known.payment_id);
    if (payment === undefined) return undefined;
    const open = await listOpenLegs(tx, payment.id);
    const leg = open.find((candidate) => candidate.id === known.id);
    if (leg?.status !== 'UNKNOWN' || open.some((other) => other.lease_is_live)) return undefined;
    const attempt = await getAttempt(tx, leg.id, leg.attempt);
    const now = payment.locked_at;
    const replayUntil = replayLimit(connection, attempt);
    if (now >= replayUntil) {
      if (now.getTime() >= replayUntil.getTime() + connection.adapter.recovery.readOnlyForMs)
        await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
          to: 'MANUAL_REVIEW',
          cause: 'plan',
          source: 'SERVICE',
          by: systemCause,
          evidence: {
            why: 'absent after the life of the key',
            firstSentAt: attempt.first_sent_at?.toISOString() ?? null,
          },
        });
      return undefined;
    }
    await noteSend(tx, attempt, now);
    await tx
      .updateTable('refund_legs')
      .set({ lease_until: fromAppNow(leaseMsOf(connection)) })
      .where('id', '=', leg.id)
      .execute();
    return {
      connection,
      leg,
      attempt: { ...attempt, sends: attempt.sends + 1, last_sent_at: now },
      payment,
      isFirstSend: false,
      mayStillSend: sendCheck(world, connection, replayUntil.getTime() - now.getTime()),
    };
  });
}

const replayLimit = (connection: Connection, attempt: Attempt): Date =>
  new Date((attempt.first_sent_at?.getTime() ?? 0) + connection.adapter.recovery.replayForMs);
