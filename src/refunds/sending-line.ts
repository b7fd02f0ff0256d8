import type { MerchantId, PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { MovedRefund } from '../db/attempt-outcomes.ts';
import { hasQueuedLegs, type Refund } from '../db/legs.ts';
import { maySendFor } from './account-health.ts';
import { claimNextLeg, type Claim } from './claim.ts';
import { sendLeg } from './send-leg.ts';
import type { SendingLine, World } from './world.ts';

/**
 * Sends what is QUEUED for a payment, one leg after the other, until nothing is due. One line per payment
 * in this process; other replicas are kept apart by the claim. Resolves when the line is empty.
 */
export function runLine(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
): Promise<void> {
  const running = world.lines.get(paymentId);
  if (running !== undefined) {
    running.again = true;
    return running.promise;
  }
  const line: { promise: Promise<void>; again: boolean } = { promise: Promise.resolve(), again: true };
  world.lines.set(paymentId, line);
  line.promise = world.background.run('send queued legs', () =>
    sendUntilEmpty(world, connection, merchantId, paymentId, line),
  );
  return line.promise;
}

async function sendUntilEmpty(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
  line: SendingLine,
): Promise<void> {
  try {
    while (line.again) {
      line.again = false;
      while (!world.background.draining && maySendFor(world, connection)) {
        const claim = await claimNextLeg(world, connection, merchantId, paymentId);
        if (claim === undefined) break;
        await sendLeg(world, claim);
      }
    }
  } finally {
    // In the same turn as the last look at `again`, so that no call can fall between the two.
    world.lines.delete(paymentId);
  }
}

/**
 * Sends a leg that is claimed already, then, in the background, whatever waits behind it. A leg that another
 * request queued while this one was being sent is seen here: it was queued before this one moved, or was decided after.
 *
 * @returns when the leg's own outcome is applied: the refund as that has left it, where one statement did it all; never
 * rejects
 */
export async function sendClaimed(world: World, claim: Claim): Promise<Refund | undefined> {
  const { connection, payment } = claim;
  let atOnce: MovedRefund | undefined;
  const sent = world.background.run('send a leg', async () => {
    ({ atOnce } = await sendLeg(world, claim));
  });
  void world.background.run('send what waits behind a leg', async () => {
    await sent;
    if (world.background.draining || !(atOnce?.waits ?? (await hasQueuedLegs(world.db, payment.id)))) return;
    await runLine(world, connection, payment.merchant_id, payment.id);
  });
  await sent;
  return atOnce?.refund;
}
