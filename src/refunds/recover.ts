import { inTransaction } from '../db/in-transaction.ts';
import { systemCause } from '../context.ts';
import { getAttempt, listLegs, listLegsById, listOpenLegs, noteLooks, type Leg } from '../db/legs.ts';
import { lockPaymentForUpdate, raiseVersion } from '../db/payments.ts';
import { fromAppNow } from '../db/sql-time.ts';
import { failpoint } from '../failpoints.ts';
import type { LegId, PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { expireLeasesOf, leaseMsOf, noteSend, readClocks, sendCheck, type Claim } from './claim.ts';
import { mayBeSentFor } from './epoch.ts';
import type { LookFailures } from './looks/followed-plan.ts';
import { lookAtLegs } from './looks/look.ts';
import { moveLeg } from './move-leg.ts';
import { onceRead } from './once-read.ts';
import { alertReviewer, canLookFor, evidenceOfReview, nextStep } from './recovery-step.ts';
import { sendLeg } from './send-leg.ts';
import type { World } from './world.ts';

/**
 * Finds out about legs of one payment whose answers were lost, by the plan of their provider (MONEY section 4):
 * look, then, within the key's life, send the same bytes again; after it only look, and in the end hand it to a
 * person. Absence alone frees nothing. Legs that turn out not to be unclear are left as they are.
 *
 * @returns why the provider could not be asked; then nothing was concluded
 */
export async function recoverLegs(
  world: World,
  connection: Connection,
  paymentId: PaymentId,
  legIds: readonly LegId[],
): Promise<LookFailures> {
  const { merchantId } = connection;
  await expireLeasesOf(world, merchantId, paymentId);
  const listUnclear = async () =>
    (await listLegsById(world.db, merchantId, legIds)).filter((leg) => leg.status === 'UNKNOWN');
  const { failures } = await lookAtLegs(world, merchantId, legIds);
  failpoint('recover.after-look');
  const unclear = await listUnclear();
  if (canLookFor(connection.adapter.recovery))
    await noteLooks(
      world.db,
      unclear.map((leg) => leg.id),
      failures.length > 0 ? 'unavailable' : 'absent',
    );
  if (failures.length > 0) return failures;
  for (const leg of unclear) {
    const again = await goOn(world, connection, leg);
    if (again.length > 0) return again;
  }
  return [];
}

/** What the plan has next for a leg that was looked for and not found. */
async function goOn(world: World, connection: Connection, leg: Leg): Promise<LookFailures> {
  const claim = await onceRead(world, connection, leg.merchant_id, leg.payment_id, () =>
    claimReplay(world, connection, leg),
  );
  if (claim === undefined) return [];
  failpoint('recover.before-replay');
  const { outcome } = await sendLeg(world, claim);
  failpoint('recover.after-replay');
  // A replay may answer with the state of long ago: what counts is what a read says now.
  return outcome.kind === 'accepted' ? (await lookAtLegs(world, leg.merchant_id, [leg.id])).failures : [];
}

/**
 * Takes the lease for sending an UNKNOWN leg's bytes once more, if that is what the plan has next and nothing of
 * the payment is being sent; hands it to a person if the plan has nothing left.
 */
function claimReplay(
  world: World,
  connection: Connection,
  known: Leg,
): Promise<Claim | 'not-read' | undefined> {
  const since = readClocks(world);
  return inTransaction(world.db, async (tx) => {
    const payment = await lockPaymentForUpdate(tx, known.merchant_id, known.payment_id);
    if (payment === undefined) return undefined;
    const open = await listOpenLegs(tx, payment.id);
    const leg = open.find((candidate) => candidate.id === known.id);
    if (leg?.status !== 'UNKNOWN' || open.some((other) => other.lease_is_live)) return undefined;
    if (!mayBeSentFor(payment)) return 'not-read';
    const attempt = await getAttempt(tx, leg.id, leg.attempt);
    const now = payment.locked_at;
    const step = nextStep(connection.adapter, attempt, now);
    if (step.kind === 'look') return undefined;
    if (step.kind === 'review') {
      await moveLeg(tx, payment, await listLegs(tx, leg.refund_id), leg, {
        to: 'MANUAL_REVIEW',
        cause: 'plan',
        source: 'SERVICE',
        by: systemCause,
        patch: { nextLookInMs: connection.adapter.lookGapsMs[0] ?? null },
        evidence: evidenceOfReview(connection.adapter.recovery, attempt, step.why),
      });
      alertReviewer(world, connection, leg);
      return undefined;
    }
    await raiseVersion(tx, payment.id);
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
      mayStillSend: sendCheck(world, connection, since, step.until.getTime() - now.getTime()),
    };
  });
}
