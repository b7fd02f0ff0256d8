import { notFound } from '../errors.ts';
import { cancelRefund } from '../refunds/cancel-refund.ts';
import type { GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { forget } from './look-at-refunds.ts';
import { refused, type RefundPayload } from './payloads.ts';

/** The refund is given with a refusal too, so that the caller sees why it is too late. */
export async function resolveCancelRefund(
  context: GraphQLContext,
  input: { readonly refund: string | number },
): Promise<RefundPayload> {
  const refundId = decodeGlobalId('Refund', String(input.refund));
  if (refundId === undefined) return refused([notFound(['input', 'refund'], 'The refund')]);
  const result = await cancelRefund(context.world, context.caller, { refundId });
  forget(context, refundId);
  // An id of another merchant loads nothing.
  return { refundId, replayed: false, problems: result.ok ? [] : result.problems };
}
