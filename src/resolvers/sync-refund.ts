import { notFound, type Problem } from '../errors.ts';
import { syncRefund } from '../refunds/sync-refund.ts';
import type { GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { readWaitMs } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { refused, type RefundPayload } from './payloads.ts';

/** The refund as it is known after asking; what kept the provider from answering is in `problems`. */
export async function resolveSyncRefund(
  context: GraphQLContext,
  input: { readonly refund: string | number; readonly waitMs?: number | null | undefined },
): Promise<RefundPayload> {
  const problems: Problem[] = [];
  const waitMs = readWaitMs({ path: ['input'], problems }, input.waitMs);
  const refundId = decodeGlobalId('Refund', String(input.refund));
  if (refundId === undefined) problems.push(notFound(['input', 'refund'], 'The refund'));
  if (refundId === undefined || problems.length > 0) return refused(problems);
  const result = await syncRefund(context.world, context.caller, { refundId, waitMs });
  forget(context, refundId);
  if (!result.ok) return refused(result.problems);
  return { ...result.value, replayed: false };
}
