import {
  factsAgeMs,
  findPayment as findPaymentRow,
  findPaymentAtProvider,
  type ReadPayment,
} from '../db/payments.ts';
import type { StoredPaymentRef } from '../db/intent-facts.ts';
import type { Failure } from '../errors.ts';
import { isUuid, type MerchantId, type PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { PaymentRef } from './payment-ref.ts';
import { settledWithin } from './background.ts';
import { seePayment, tooSlow, type Sight } from './see-payment.ts';
import type { World } from './world.ts';

/** How long a provider's "there is no such payment" is believed by queries. */
const missRememberedMs = 30_000;
const missesAtMost = 10_000;

/** The payment as stored, without asking anybody. Another merchant's is answered like an absent one. */
export async function findStoredPayment(
  world: World,
  merchantId: MerchantId,
  ref: PaymentRef,
): Promise<ReadPayment | undefined> {
  const stored = storedRefOf(world, merchantId, ref);
  if (stored === null) return undefined;
  return 'id' in stored
    ? findPaymentRow(world.db, merchantId, stored.id)
    : findPaymentAtProvider(world.db, merchantId, stored.accountId, stored.providerPaymentId);
}

/** How a payment is looked up in the database; null where no payment of this merchant can be meant. */
export function storedRefOf(
  { connections }: Pick<World, 'connections'>,
  merchantId: MerchantId,
  ref: PaymentRef,
): StoredPaymentRef {
  if ('id' in ref) return isUuid(ref.id) ? { id: ref.id } : null;
  const connection = connections.findByCode(merchantId, ref.account);
  if (connection === undefined) return null;
  return { accountId: connection.accountId, providerPaymentId: ref.paymentId };
}

export type PaymentFinding =
  | { readonly kind: 'found'; readonly paymentId: PaymentId }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly failure: Failure };

/**
 * Finds a payment for a query: from the database, or from its provider the first time it is seen, or when
 * its facts are older than `maxAgeSeconds` (absent: stored facts are taken as they are). A provider that
 * cannot be asked is an error only for a payment that was never seen.
 *
 * @param options.mayFetch asked once before an unseen payment is fetched
 */
export async function findPayment(
  world: World,
  merchantId: MerchantId,
  ref: PaymentRef,
  options: { readonly maxAgeSeconds?: number; readonly waitMs: number; readonly mayFetch: () => boolean },
): Promise<PaymentFinding> {
  const stored = await findStoredPayment(world, merchantId, ref);
  if (stored !== undefined) {
    const connection = world.connections.find(stored.account_id);
    if (connection !== undefined && isTooOld(connection, stored, options.maxAgeSeconds))
      await seeTogether(world, connection, stored.provider_payment_id, options.waitMs);
    return { kind: 'found', paymentId: stored.id };
  }
  const connection = 'id' in ref ? undefined : world.connections.findByCode(merchantId, ref.account);
  if ('id' in ref || connection === undefined) return { kind: 'absent' };
  return fetchUnseen(world, connection, ref.paymentId, options);
}

async function fetchUnseen(
  world: World,
  connection: Connection,
  providerPaymentId: string,
  options: { readonly waitMs: number; readonly mayFetch: () => boolean },
): Promise<PaymentFinding> {
  const missKey = `${connection.accountId} ${providerPaymentId}`;
  const nowMs = world.clock.now().getTime();
  if ((world.missedPayments.get(missKey) ?? 0) > nowMs || !options.mayFetch()) return { kind: 'absent' };
  const sight = await seeTogether(world, connection, providerPaymentId, options.waitMs);
  if (sight.kind === 'seen') return { kind: 'found', paymentId: sight.payment.id };
  if (sight.kind === 'absent') {
    if (world.missedPayments.size >= missesAtMost) world.missedPayments.clear();
    world.missedPayments.set(missKey, nowMs + missRememberedMs);
  }
  return sight;
}

/** One read for all queries of this process that want the same payment at the same time. */
async function seeTogether(
  world: World,
  connection: Connection,
  providerPaymentId: string,
  waitMs: number,
): Promise<Sight> {
  const key = `${connection.accountId} ${providerPaymentId}`;
  let reading = world.readings.get(key);
  if (reading === undefined) {
    reading = seePayment(world, connection, providerPaymentId).finally(() => world.readings.delete(key));
    world.readings.set(key, reading);
  }
  return (await settledWithin(reading, waitMs)) ? reading : { kind: 'unavailable', failure: tooSlow };
}

function isTooOld(connection: Connection, payment: ReadPayment, maxAgeSeconds: number | undefined): boolean {
  if (maxAgeSeconds === undefined) return false;
  const limitMs = Math.max(maxAgeSeconds * 1000, connection.minLookIntervalMs);
  return factsAgeMs(payment) > limitMs;
}
