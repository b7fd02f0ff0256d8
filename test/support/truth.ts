import { expect } from 'vitest';
import type { LegStatus } from '../../src/vocabulary.ts';
import { paymentRow } from './rules.ts';
import type { LedgerPayment, TestWorld } from './world.ts';

type LedgerRefund = LedgerPayment['refunds'][number];

export const isDone = ({ status }: LedgerRefund): boolean =>
  ['succeeded', 'processed', 'finished'].includes(status);
export const isDead = ({ status }: LedgerRefund): boolean => ['canceled', 'failed'].includes(status);

/** The states in which we tell that the provider has nothing, and will have nothing, of the leg. */
const nothingThere: readonly LegStatus[] = ['QUEUED', 'FAILED', 'CANCELED'];

/**
 * Rule 4, against the provider's own books: what is said to be returned is returned there, what is said not to be is
 * not, and no leg has more than one refund there, whatever its attempts. What may have been taken fails by a definite
 * answer only. No refund of ours is there that is in no row here.
 *
 * @param verdicts legs of which a person said what happened: that is an answer, too
 */
export async function expectTruthful(
  t: TestWorld,
  providerPaymentId: string,
  verdicts: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { db } = t.database;
  const payment = await paymentRow(t, providerPaymentId);
  const [legs, attempts, ledger] = await Promise.all([
    db.selectFrom('refund_legs').selectAll().where('payment_id', '=', payment.id).execute(),
    db
      .selectFrom('leg_attempts')
      .innerJoin('refund_legs', 'refund_legs.id', 'leg_attempts.leg_id')
      .select(['leg_id', 'provider_key', 'unclear_sends', 'leg_attempts.attempt'])
      .where('refund_legs.payment_id', '=', payment.id)
      .execute(),
    t.ledgerOf(providerPaymentId),
  ]);
  const legBehind = new Map(attempts.map(({ provider_key, leg_id }) => [provider_key, leg_id]));
  const ours = ledger.refunds.filter(({ providerKey }) => providerKey !== null);
  for (const { providerKey } of ours)
    expect(legBehind.has(providerKey!), `rule 2: the provider has a refund with key ${providerKey}`).toBe(
      true,
    );
  for (const leg of legs) {
    const made = ours.filter(({ providerKey }) => legBehind.get(providerKey!) === leg.id);
    const alive = made.filter((refund) => !isDead(refund));
    expect(alive.length, 'I3: one living refund of a leg').toBeLessThanOrEqual(1);
    const present = attempts.find(({ leg_id, attempt }) => leg_id === leg.id && attempt === leg.attempt);
    const hasDied = made.some((refund) => isDead(refund) && refund.providerKey === present?.provider_key);
    if (leg.status === 'FAILED' && (present?.unclear_sends ?? 0) > 0 && !verdicts.has(leg.id))
      expect(hasDied, 'freed by a definite no, never by absence or by what answers a repetition').toBe(true);
    if (nothingThere.includes(leg.status))
      expect(alive, `rule 4: ${leg.status}, yet the provider has`).toEqual([]);
    const [named] = ledger.refunds.filter(({ id }) => id === leg.provider_refund_id);
    if (leg.status === 'PENDING') expect(named, 'PENDING: the provider has it').toBeDefined();
    if (leg.status !== 'SUCCEEDED') continue;
    expect(named && isDone(named), 'rule 4: SUCCEEDED, and it is returned').toBe(true);
    expect(BigInt(named!.amountMinor), 'SUCCEEDED with the amount').toBe(leg.returned_minor);
  }
}
