import type { ProviderRefund } from '../../db/provider-refunds.ts';
import type { DueDelivery } from '../../db/webhook-deliveries.ts';
import { toCurrency } from '../../money.ts';
import { failure } from '../../providers/failure.ts';
import type { RefundFacts } from '../../providers/provider.ts';

/** A message that says how a refund has ended, and of which amount. */
export interface ToldEnd {
  readonly at: Date;
  readonly facts: RefundFacts;
}

/** What a message proves of a refund; undefined where it says nothing that is known. Pure. */
export function toldEnd(delivery: DueDelivery): ToldEnd | undefined {
  const { evidence, providerRefundId, providerPaymentId } = delivery;
  if (evidence === null || evidence.status === 'UNRECOGNISED' || evidence.amount === null) return undefined;
  if (providerRefundId === null || providerPaymentId === null) return undefined;
  const { status, rawStatus, amount } = evidence;
  const at = new Date(evidence.at);
  const facts: RefundFacts = {
    providerRefundId,
    providerPaymentId,
    status,
    rawStatus,
    amount: { minor: BigInt(amount.minor), currency: toCurrency(amount.currency) },
    failure: status === 'FAILED' ? notReturned(rawStatus) : null,
    // Of ours it is always told: what has another one, or none, was made elsewhere and is matched to nothing.
    ourReference: delivery.ourReference ?? '',
    createdAt: at,
    traceReferences: [],
    sources: [],
    providerDetails: {},
  };
  return { at, facts };
}

const notReturned = (rawStatus: string) =>
  failure(
    'PROVIDER_REJECTED',
    'ASK_A_HUMAN',
    'The provider says that this refund returned nothing.',
    rawStatus,
  );

/**
 * Whether something later was told of the refund before. Of two messages of one instant that it failed comes after that
 * it succeeded, in whatever order they come. Pure.
 */
export function isOvertaken(
  { at, facts }: ToldEnd,
  known: Pick<ProviderRefund, 'told_at' | 'status'> | undefined,
): boolean {
  const toldAt = known?.told_at?.getTime();
  if (known === undefined || toldAt === undefined || at.getTime() > toldAt) return false;
  return at.getTime() < toldAt || !(facts.status === 'FAILED' && known.status === 'SUCCEEDED');
}

/** As they are to be applied: by their own time, and at one instant the failure last. Pure. */
export const inTheirOrder = (deliveries: readonly DueDelivery[]): DueDelivery[] =>
  deliveries.toSorted((left, right) => rankOf(left) - rankOf(right) || failsLast(left, right));

const rankOf = ({ evidence }: DueDelivery): number => (evidence === null ? 0 : Date.parse(evidence.at));

const failsLast = (left: DueDelivery, right: DueDelivery): number =>
  Number(left.evidence?.status === 'FAILED') - Number(right.evidence?.status === 'FAILED');
