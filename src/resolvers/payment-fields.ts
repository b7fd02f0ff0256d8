import type { Payment } from '../db/payments.ts';
import type { PaymentShare } from '../db/read-batch.ts';
import type { Capabilities } from '../providers/provider.ts';
import { capabilitiesOfAccount } from './account-adapter.ts';
import type { Freshness } from '../refunds/freshness.ts';
import { certainRestOf } from '../refunds/plan-split.ts';
import { refundableOf } from '../refunds/refundability.ts';
import type { GraphQLContext } from './context.ts';

/** When nothing else is known of the provider, in milliseconds. */
const DEFAULT_POLL_AFTER_MS = 10_000;

/** By seller; never empty once the payment is stored. */
export async function sourcesOfPayment(
  context: GraphQLContext,
  payment: Payment,
): Promise<readonly PaymentShare[]> {
  return (await context.loaders.sharesOfPayment.load(payment.id)) ?? [];
}

/** What is left of one seller's share; never more than what is left of the payment. */
export async function refundableOfSource(context: GraphQLContext, share: PaymentShare): Promise<bigint> {
  const payment = await context.loaders.payment.load(share.payment_id);
  if (payment === null) return 0n;
  const ofPayment = refundableOf(payment);
  const ofSource = certainRestOf(share, payment);
  return ofSource < ofPayment ? ofSource : ofPayment;
}

/**
 * How old the provider's facts are. Stale: older than this operation asked for. Worth polling while the
 * payment can still change by itself or a refund of it is under way.
 */
export function freshnessOfPayment(context: GraphQLContext, payment: Payment): Freshness {
  const maxAgeSeconds = context.operation.maxAgeSeconds.get(payment.id);
  const connection = context.world.connections.find(payment.account_id);
  const now = context.operation.askedAt ?? context.world.clock.now();
  const ageMs = now.getTime() - payment.as_of.getTime();
  const limitMs = Math.max((maxAgeSeconds ?? 0) * 1000, connection?.minLookIntervalMs ?? 0);
  const isOpen = payment.state === 'PENDING' || payment.state === 'AUTHORIZED' || payment.reserved_minor > 0n;
  return {
    asOf: payment.as_of,
    isStale: maxAgeSeconds !== undefined && ageMs > limitMs,
    pollAfterMs: isOpen ? (connection?.adapter.lookGapsMs[0] ?? DEFAULT_POLL_AFTER_MS) : null,
  };
}

/** What the provider of the payment lets us know of refunds made elsewhere. */
export async function externalRefundsOfPayment(
  context: GraphQLContext,
  payment: Payment,
): Promise<Capabilities['externalRefunds']> {
  const account = await context.loaders.account.load(payment.account_id);
  if (account === null) throw new Error('A payment without its account.');
  return capabilitiesOfAccount(context, account).externalRefunds;
}
