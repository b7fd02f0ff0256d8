import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '../../src/db/in-transaction.ts';
import type { ProviderAdapter } from '../../src/providers/provider.ts';
import { yookassa } from '../../src/providers/yookassa/index.ts';
import type { TestWorld } from './world.ts';

type Database = TestWorld['database']['db'];

/** Takes the lock of a payment, as whoever else works on it does, and gives it back when `until` has come. */
export async function holdPayment(
  db: Database,
  providerPaymentId: string,
  until: (tx: Database) => Promise<unknown>,
): Promise<{ readonly released: Promise<void> }> {
  const locked = Promise.withResolvers<void>();
  const released = inTransaction(db, async (tx) => {
    await tx
      .selectFrom('payments')
      .select('id')
      .where('provider_payment_id', '=', providerPaymentId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    locked.resolve();
    await until(tx);
  });
  released.catch(locked.reject);
  await locked.promise;
  return { released };
}

/** Until the raw outcome of every send of this payment is stored. */
export const untilOutcomeIsStored =
  (providerPaymentId: string) =>
  async (tx: Database): Promise<void> => {
    for (;;) {
      const waiting = await tx
        .selectFrom('leg_attempts')
        .innerJoin('refund_legs', 'refund_legs.id', 'leg_attempts.leg_id')
        .innerJoin('payments', 'payments.id', 'refund_legs.payment_id')
        .select('leg_attempts.leg_id')
        .where('payments.provider_payment_id', '=', providerPaymentId)
        .where('refund_legs.status', '=', 'SENDING')
        .where('leg_attempts.outcome', 'is', null)
        .execute();
      if (waiting.length === 0) return;
      await sleep(5);
    }
  };

/**
 * An adapter after whose answer somebody else has the payment's lock, until the raw outcome is stored: outcome and
 * transition cannot be one statement then.
 */
export const busyWhenAnswered = (t: Pick<TestWorld, 'database'>): Pick<ProviderAdapter, 'sendRefund'> => ({
  async sendRefund(access, request, order, mayStillSend) {
    const outcome = await yookassa.sendRefund(access as never, request, order, mayStillSend);
    const { providerPaymentId } = order;
    await holdPayment(t.database.db, providerPaymentId, untilOutcomeIsStored(providerPaymentId));
    return outcome;
  },
});
