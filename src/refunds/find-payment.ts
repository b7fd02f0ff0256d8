import { findBatchOf, pairKey } from '../db/find-batch.ts';
import { findAccountId } from '../db/tenants.ts';
import type { ReadPayment } from '../db/payments.ts';
import type { StoredPaymentRef } from '../db/intent-facts.ts';
import type { Failure } from '../errors.ts';
import { isUuid, type MerchantId, type PaymentId } from '../ids.ts';
import type { Connection } from '../providers/connections.ts';
import type { FollowedPlan } from './looks/followed-plan.ts';
import { lookAtDuePayment } from './looks/look-together.ts';
import type { PaymentRef } from './payment-ref.ts';
import { settledWithin } from './background.ts';
import { planOfOthers, planOfPayments, seeAsCall } from './looks/see-as-call.ts';
import { tooSlow, type Sight } from './see-payment.ts';
import type { World } from './world.ts';

/** How long a provider's "there is no such payment" is believed by queries. */
const missRememberedMs = 30_000;
const missesAtMost = 10_000;

/**
 * The payment as stored, without asking anybody; read together with whatever else is asked for now. Another merchant's
 * is answered like an absent one.
 */
export async function findStoredPayment(
  world: World,
  merchantId: MerchantId,
  ref: PaymentRef,
): Promise<ReadPayment | undefined> {
  const find = findBatchOf(world.db);
  const stored = await storedRefOf(world, merchantId, ref);
  if (stored === null) return undefined;
  return 'id' in stored
    ? find.payment(merchantId, stored.id)
    : find.paymentAtProvider(merchantId, pairKey(stored.accountId, stored.providerPaymentId));
}

/**
 * How a payment is looked up in the database; null where no payment of this merchant can be meant. What was stored of an
 * account that is not configured any more is still there, and so are the keys that were used on it: only there the
 * database is asked for the account.
 */
export async function storedRefOf(
  { connections, db }: Pick<World, 'connections' | 'db'>,
  merchantId: MerchantId,
  ref: PaymentRef,
): Promise<StoredPaymentRef> {
  if ('id' in ref) return isUuid(ref.id) ? { id: ref.id } : null;
  const accountId =
    connections.findByCode(merchantId, ref.account)?.accountId ??
    (await findAccountId(db, merchantId, ref.account));
  return accountId === undefined ? null : { accountId, providerPaymentId: ref.paymentId };
}

/** Hears what was done to know something as it is now; unfinished: it goes on after the answer. */
export type NoteLook = (look: {
  readonly plans: readonly FollowedPlan[];
  readonly isUnfinished: boolean;
}) => void;

export type PaymentFinding =
  | {
      readonly kind: 'found';
      readonly paymentId: PaymentId;
      /** When its row was read, by the database's time; absent: it was never seen before. */
      readonly readAt?: Date;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly failure: Failure };

/**
 * Finds a payment for a query: from the database, or from its provider the first time it is seen, or when
 * its facts are older than `maxAgeSeconds` (absent: stored facts are taken as they are). A provider that
 * cannot be asked is an error only for a payment that was never seen.
 *
 * @param options.askedAt from when its age counts, by the database's time; absent: from now
 * @param options.mayFetch asked once before an unseen payment is fetched
 * @param options.note hears what calls that took
 */
export async function findPayment(
  world: World,
  merchantId: MerchantId,
  ref: PaymentRef,
  options: {
    readonly maxAgeSeconds?: number;
    readonly waitMs: number;
    readonly askedAt?: Date;
    readonly mayFetch: () => boolean;
    readonly note?: NoteLook;
  },
): Promise<PaymentFinding> {
  const stored = await findStoredPayment(world, merchantId, ref);
  if (stored !== undefined) {
    const connection = world.connections.find(stored.account_id);
    const { maxAgeSeconds, waitMs, askedAt = stored.read_at } = options;
    if (connection !== undefined && maxAgeSeconds !== undefined) {
      const met = await lookAtDuePayment(world, connection, stored, { maxAgeSeconds, waitMs, askedAt });
      options.note?.(met);
    }
    return { kind: 'found', paymentId: stored.id, readAt: stored.read_at };
  }
  const connection = 'id' in ref ? undefined : world.connections.findByCode(merchantId, ref.account);
  if ('id' in ref || connection === undefined) return { kind: 'absent' };
  return fetchUnseen(world, connection, ref.paymentId, options);
}

async function fetchUnseen(
  world: World,
  connection: Connection,
  providerPaymentId: string,
  options: { readonly waitMs: number; readonly mayFetch: () => boolean; readonly note?: NoteLook },
): Promise<PaymentFinding> {
  const missKey = `${connection.accountId} ${providerPaymentId}`;
  const nowMs = world.clock.now().getTime();
  if ((world.missedPayments.get(missKey) ?? 0) > nowMs || !options.mayFetch()) return { kind: 'absent' };
  const sight = await seeTogether(world, connection, providerPaymentId, options);
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
  { waitMs, note }: { readonly waitMs: number; readonly note?: NoteLook },
): Promise<Sight> {
  const key = `${connection.accountId} ${providerPaymentId}`;
  const others = world.readings.get(key);
  const reading =
    others ?? seeAsCall(world, connection, providerPaymentId).finally(() => world.readings.delete(key));
  if (others === undefined) world.readings.set(key, reading);
  if (!(await settledWithin(reading, waitMs))) {
    note?.({ plans: [], isUnfinished: true });
    return { kind: 'unavailable', failure: tooSlow };
  }
  const { sight, call } = await reading;
  note?.({
    plans: [others === undefined ? planOfPayments(connection, [call]) : planOfOthers(connection, 1)],
    isUnfinished: false,
  });
  return sight;
}
