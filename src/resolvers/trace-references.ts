import type { Refund } from '../db/legs.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import { adapters } from '../providers/registry.ts';
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
 * Every reference that the provider has given, and for each kind that it can give and has not: NOT_YET while
 * the refund is open, NEVER once it is final (it is not asked any more then).
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
  const kinds = account === null ? [] : adapters[account.provider].capabilities.traceReferences;
  const missing = kinds.filter((kind) => !given.some((reference) => reference.kind === kind));
  const availability: TraceReferenceView['availability'] = isFinalRefund(refund.status) ? 'NEVER' : 'NOT_YET';
  return [
    ...given.map(({ kind, value }) => ({ kind, value, availability: 'AVAILABLE' as const })),
    ...missing.map((kind) => ({ kind, value: null, availability })),
  ];
}
