import type { Payment } from '../db/payments.ts';
import type { PaymentShare } from '../db/read-batch.ts';
import type { Capabilities } from '../providers/provider.ts';
import { capabilitiesOfAccount } from './account-adapter.ts';
import { pollGapMs, type Freshness } from '../refunds/looks/freshness.ts';
import { certainRestOf } from '../refunds/plan-split.ts';
import { refundableOf } from '../refunds/refundability.ts';
import { rhythmOf } from './account-rhythm.ts';
import type { GraphQLContext } from './context.ts';

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
 * payment can still change by itself or a refund of it is under way, and the rarer the longer it has not changed.
 */
export function freshnessOfPayment(context: GraphQLContext, payment: Payment): Freshness {
  const maxAgeSeconds = context.operation.maxAgeSeconds.get(payment.id);
  const rhythm = rhythmOf(context.world, payment.account_id);
  const nowMs = (context.operation.askedAt ?? context.world.clock.now()).getTime();
  const ageMs = nowMs - payment.as_of.getTime();
  const limitMs = Math.max((maxAgeSeconds ?? 0) * 1000, rhythm.minLookIntervalMs);
  const isOpen = payment.state === 'PENDING' || payment.state === 'AUTHORIZED' || payment.reserved_minor > 0n;
  return {
    asOf: payment.as_of,
    isStale: maxAgeSeconds !== undefined && ageMs > limitMs,
    pollAfterMs: isOpen ? pollGapMs(rhythm, nowMs - payment.updated_at.getTime()) : null,
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
