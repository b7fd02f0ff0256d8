import type { Refund } from '../db/legs.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import { capabilitiesOfAccount } from './account-adapter.ts';
import type { TraceReference } from '../vocabulary.ts';
import type { GraphQLContext } from './context.ts';
import { legsOfRefund } from './refund-fields.ts';

export const traceAvailabilities = ['NOT_YET', 'AVAILABLE', 'NEVER'] as const;

/** A number with which a bank finds the money, or the reason why there is none. */
export interface TraceReferenceView {
  readonly kind: TraceReference['kind'];
  readonly value: string | null;
  readonly availability: (typeof traceAvailabilities)[number];
}

/**
 * Every reference that the provider has given. While it has given none: each named kind that it can give, as
 * NOT_YET for an open refund, and for a final one whose provider tells late (`syncRefund` asks again); as NEVER
 * otherwise, and where nothing was returned. What sort is given depends on how the payer paid, so one given
 * reference says that no other is expected.
 */
export async function traceReferencesOfRefund(
  context: GraphQLContext,
  refund: Refund,
): Promise<TraceReferenceView[]> {
  const [legs, account] = await Promise.all([
    legsOfRefund(context, refund),
    context.loaders.account.load(refund.account_id),
  ]);
  const given = legs.flatMap((leg) => leg.trace_references);
  if (given.length > 0 || account === null)
    return given.map(({ kind, value }) => ({ kind, value, availability: 'AVAILABLE' }));
  const { traceReferences, lateTraceReferences } = capabilitiesOfAccount(context, account);
  const named = traceReferences.filter((kind) => kind !== 'OTHER');
  const isOver = isFinalRefund(refund.status) && !(lateTraceReferences && wasReturned(refund));
  const availability = isOver ? 'NEVER' : 'NOT_YET';
  return named.map((kind) => ({ kind, value: null, availability }));
}

const wasReturned = ({ status }: Refund): boolean => status !== 'FAILED' && status !== 'CANCELED';
