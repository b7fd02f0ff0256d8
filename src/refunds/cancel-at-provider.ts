import { insertRefundEvent } from '../db/events.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { listLegs, listLegsById, lookSoon, type Leg, type Refund } from '../db/legs.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { providerProblem, type Problem } from '../errors.ts';
import type { LegId } from '../ids.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { CancelOutcome, ProviderAdapter } from '../providers/provider.ts';
import { noteAccountHealth } from './account-health.ts';
import { mayBeSentFor } from './epoch.ts';
import { lookAtLegs } from './looks/look.ts';
import { onceRead } from './once-read.ts';
import { isFinalLeg } from './transitions.ts';
import { causeOf, type Caller, type World } from './world.ts';

const path = ['input', 'refund'];

/** Whether the provider still takes back what it has accepted: its refund waits there for something. */
export const isStoppableThere = (
  adapter: Pick<ProviderAdapter, 'cancel'>,
  leg: Pick<Leg, 'status' | 'provider_refund_id' | 'raw_status'>,
): boolean =>
  leg.status === 'PENDING' &&
  leg.provider_refund_id !== null &&
  leg.raw_status !== null &&
  adapter.cancel?.isPossible(leg.raw_status) === true;

/**
 * Asks the provider to stop those legs of a refund that it has accepted and can still stop. That it is asked is
 * recorded before; what became of it is read afterwards, since only what was read moves a leg (rule 7).
 *
 * @param legIds the legs that could be stopped a moment ago
 * @returns why one of them was not stopped, undefined when all were; `not-read` where the payment has to be read first
 * after a restore
 */
export async function cancelAtProvider(
  world: World,
  caller: Caller,
  connection: Connection,
  refund: Refund,
  legIds: readonly LegId[],
): Promise<Problem | 'not-read' | undefined> {
  const asked = await onceRead(world, connection, refund.merchant_id, refund.payment_id, () =>
    noteAsked(world, caller, connection, refund),
  );
  if (asked === undefined) return 'not-read';
  const outcomes = new Map<LegId, CancelOutcome>();
  for (const leg of asked.legs) {
    const outcome = await ask(connection, asked.payment, leg);
    outcomes.set(leg.id, outcome);
    await noteAccountHealth(world, connection, 'SEND', outcome);
  }
  await lookAtLegs(world, refund.merchant_id, [...outcomes.keys()]);
  const now = await listLegsById(world.db, refund.merchant_id, legIds);
  const [going] = now.filter(({ status }) => status !== 'CANCELED');
  return going && whyNot(going, outcomes.get(going.id));
}

interface Asked {
  readonly payment: Payment;
  readonly legs: readonly Leg[];
}

function noteAsked(
  world: World,
  caller: Caller,
  { adapter }: Connection,
  refund: Refund,
): Promise<Asked | 'not-read'> {
  return inTransaction(world.db, async (tx): Promise<Asked | 'not-read'> => {
    const payment = await lockPaymentForUpdate(tx, refund.merchant_id, refund.payment_id);
    if (payment === undefined) throw new Error(`payment ${refund.payment_id} has vanished`);
    if (!mayBeSentFor(payment)) return 'not-read';
    const legs = (await listLegs(tx, refund.id)).filter((leg) => isStoppableThere(adapter, leg));
    for (const leg of legs)
      await insertRefundEvent(tx, {
        merchantId: leg.merchant_id,
        paymentId: leg.payment_id,
        refundId: leg.refund_id,
        legId: leg.id,
        kind: 'leg.cancel-asked',
        from: leg.status,
        to: leg.status,
        source: 'API',
        cause: causeOf(caller),
        evidence: { rawStatus: leg.raw_status },
      });
    const [gapMs = 0] = adapter.lookGapsMs;
    if (legs.length > 0)
      await lookSoon(
        tx,
        legs.map(({ id }) => id),
        gapMs,
      );
    return { payment, legs };
  });
}

async function ask({ adapter, access }: Connection, payment: Payment, leg: Leg): Promise<CancelOutcome> {
  const { cancel } = adapter;
  if (cancel === undefined || leg.provider_refund_id === null)
    throw new TypeError('A leg that cannot be stopped at its provider was to be stopped there.');
  const known = {
    providerRefundId: leg.provider_refund_id,
    providerPaymentId: payment.provider_payment_id,
    amount: { minor: leg.amount_minor, currency: toCurrency(payment.currency) },
    createdAt: leg.sent_at ?? leg.created_at,
  };
  // Stopping twice stops once, so that no clock has to be asked.
  return cancel.send(access, known, () => true);
}

/** @param outcome undefined where it was not asked any more, since the refund had moved on */
function whyNot(leg: Pick<Leg, 'status'>, outcome: CancelOutcome | undefined): Problem {
  if (isFinalLeg(leg.status)) return tooLate(`The refund has ended meanwhile: it is ${leg.status}.`);
  switch (outcome?.kind) {
    case undefined:
      return tooLate('The provider does not take the refund back any more. It goes on.');
    case 'refused':
      return tooLate(outcome.failure.message);
    case 'deferred':
      return providerProblem(outcome.failure, path);
    case 'not-sent':
      return { ...providerProblem(outcome.failure, path), retry: 'SAME_KEY' };
    case 'accepted':
    case 'unknown':
      return {
        type: 'ProviderProblem',
        code: 'UNKNOWN_OUTCOME',
        message:
          'The provider was asked to stop the refund, and it is not known yet whether it did. The service goes on looking.',
        path,
        retry: 'WAIT',
        providerCode: outcome.kind === 'unknown' ? outcome.failure.providerCode : null,
      };
  }
}

const tooLate = (message: string): Problem => ({
  type: 'NotCancelable',
  code: 'NOT_CANCELABLE',
  message,
  path,
  retry: 'NEVER',
});
