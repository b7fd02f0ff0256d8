import type { MerchantId, PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
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
      while (!world.background.draining && !world.pausedAccounts.has(connection.accountId)) {
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

/** Sends a leg that is claimed already, then whatever waits behind it. */
export function sendClaimed(world: World, claim: Claim): Promise<void> {
  return world.background.run('send a leg', async () => {
    await sendLeg(world, claim);
    if (!world.background.draining)
      await runLine(world, claim.connection, claim.payment.merchant_id, claim.payment.id);
  });
}
