import { claimDuePayments, postponePayment, releasePayment, type DuePayment } from '../db/due-payments.ts';
import type { Connection } from '../providers/connections.ts';
import { paymentReadLimitMs, seePayment, type Sight } from './see-payment.ts';
import type { World } from './world.ts';

/** How many payments one round of an account looks at, at most. */
const batch = 20;

/** Every look of a batch may take its full time. */
const leaseMs = batch * paymentReadLimitMs + 10_000;

/** After a look that was not answered: a minute, doubling to an hour. */
const failedGapMs = (failures: number): number => Math.min(60_000 * 2 ** Math.min(failures, 10), 3_600_000);

/** What cannot be taken in is put off like what is not answered, and stops no other payment. */
async function look(
  world: World,
  connection: Connection,
  payment: DuePayment,
): Promise<Sight['kind'] | 'failed'> {
  try {
    return (await seePayment(world, connection, payment.provider_payment_id)).kind;
  } catch (error) {
    world.log.error({ err: error, paymentId: payment.id }, 'a payment that was due could not be taken in');
    return 'failed';
  }
}

/**
 * Looks at the payments of an account about which something is not explained and whose time has come, one after the
 * other: their refunds are taken in, and each gets the time of its next look, or none. When the provider does not
 * answer, the rest of the round waits.
 *
 * @returns how many payments were read
 */
export async function lookAtDuePayments(world: World, connection: Connection): Promise<number> {
  const claimed = await claimDuePayments(world.db, connection.accountId, batch, leaseMs);
  let seen = 0;
  let isDown = false;
  for (const payment of claimed) {
    if (isDown || world.background.draining) {
      await releasePayment(world.db, payment);
      continue;
    }
    const kind = await look(world, connection, payment);
    isDown = kind === 'unavailable';
    if (kind === 'seen') {
      seen += 1;
      await releasePayment(world.db, payment);
    } else await postponePayment(world.db, payment, failedGapMs(payment.look_failures));
  }
  return seen;
}
