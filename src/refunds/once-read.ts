import { putOffLegs } from '../db/legs.ts';
import { findPayment } from '../db/payments.ts';
import type { MerchantId, PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { seePayment } from './see-payment.ts';
import type { World } from './world.ts';

/** What the legs of a payment wait that could not be read, or that a person has to release, in milliseconds. */
const unreadGapMs = 60_000;

/** What a read itself has moved may need another one. */
const readsAtMost = 2;

/**
 * Does what sends something for a payment. Where it answers `not-read`, since the payment was not read after a
 * restore, or the bytes depend on what is left of it now, it is read first and then tried once more (MONEY sections 2
 * and 10): what was executed there binds to its legs before. The provider is read outside any transaction; a payment
 * that cannot be read, or that changes with every read, is put off.
 *
 * @param act hears when the read began, once there was one
 */
export async function onceRead<T>(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
  act: (readAt?: Date) => Promise<T | 'not-read'>,
): Promise<T | undefined> {
  const first = await act();
  if (first !== 'not-read') return first;
  const payment = await findPayment(world.db, merchantId, paymentId);
  if (payment === undefined) return undefined;
  for (let reads = 0; reads < readsAtMost; reads += 1) {
    const sight = await seePayment(world, connection, payment.provider_payment_id);
    if (sight.kind !== 'seen') break;
    const next = await act(sight.asOf);
    if (next !== 'not-read') return next;
  }
  await putOffLegs(world.db, paymentId, unreadGapMs);
  return undefined;
}
