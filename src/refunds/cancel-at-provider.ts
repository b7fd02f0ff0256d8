import { insertRefundEvent } from '../db/events.ts';
import { inTransaction } from '../db/in-transaction.ts';
import { listLegs, listLegsById, type Leg, type Refund } from '../db/legs.ts';
import { lockPaymentForUpdate, type Payment } from '../db/payments.ts';
import { providerProblem, type Problem } from '../errors.ts';
import { toCurrency } from '../money.ts';
import type { Connection } from '../providers/connections.ts';
import type { CancelOutcome, ProviderAdapter } from '../providers/provider.ts';
import { noteAccountHealth } from './account-health.ts';
import { mayBeSentFor } from './epoch.ts';
import { lookAtLegs } from './look.ts';
import { onceRead } from './once-read.ts';
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
 * Asks the provider to stop those legs of a refund that it has accepted and can still stop. That it was asked is
 * recorded before; what became of it is read afterwards, since only what was read moves a leg (rule 7).
 *
 * @returns why a leg was not stopped; `not-read` where the payment has to be read first after a restore
 */
export async function cancelAtProvider(
  world: World,
  caller: Caller,
  connection: Connection,
  refund: Refund,
): Promise<Problem | 'not-read' | undefined> {
  const asked = await onceRead(world, connection, refund.merchant_id, refund.payment_id, () =>
    noteAsked(world, caller, connection, refund),
  );
  if (asked === undefined) return 'not-read';
  for (const leg of asked.legs) {
    const outcome = await ask(connection, asked.payment, leg);
    await noteAccountHealth(world, connection, 'SEND', outcome);
    await lookAtLegs(world, refund.merchant_id, [leg.id]);
    const [now] = await listLegsById(world.db, refund.merchant_id, [leg.id]);
    if (now?.status !== 'CANCELED') return whyNot(outcome);
  }
  return undefined;
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

function whyNot(outcome: CancelOutcome): Problem {
  if (outcome.kind === 'refused')
    return {
      type: 'NotCancelable',
      code: 'NOT_CANCELABLE',
      message: outcome.failure.message,
      path,
      retry: 'NEVER',
    };
  if (outcome.kind === 'not-sent') return { ...providerProblem(outcome.failure, path), retry: 'SAME_KEY' };
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
