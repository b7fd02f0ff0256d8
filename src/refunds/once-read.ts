import { putOffLegs } from '../db/legs.ts';
import { findPayment } from '../db/payments.ts';
import type { MerchantId, PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import { seePayment } from './see-payment.ts';
import type { World } from './world.ts';

/** What the legs of a payment wait that could not be read, or that a person has to release, in milliseconds. */
const unreadGapMs = 60_000;

/**
 * Does what sends something for a payment. Where it answers `not-read`, since the payment was not read after a
 * restore, it is read first, so that what was executed there binds to its legs, and then tried once more (MONEY
 * section 10). The provider is read outside any transaction; a payment that cannot be read is put off.
 */
export async function onceRead<T>(
  world: World,
  connection: Connection,
  merchantId: MerchantId,
  paymentId: PaymentId,
  act: () => Promise<T | 'not-read'>,
): Promise<T | undefined> {
  const first = await act();
  if (first !== 'not-read') return first;
  const payment = await findPayment(world.db, merchantId, paymentId);
  if (payment === undefined) return undefined;
  const sight = await seePayment(world, connection, payment.provider_payment_id);
  const second = sight.kind === 'seen' ? await act() : 'not-read';
  if (second !== 'not-read') return second;
  await putOffLegs(world.db, paymentId, unreadGapMs);
  return undefined;
}
