import { notFound, type Problem } from '../errors.ts';
import { retryRefund } from '../refunds/retry-refund.ts';
import type { GraphQLContext } from './context.ts';
import { decodeGlobalId } from './global-id.ts';
import { complain, readWaitMs, within } from './input-rules.ts';
import { forget } from './look-at-refunds.ts';
import { refused, type RefundPayload } from './payloads.ts';

/** The refund is given with a refusal too: it exists, and shows why it is not retried. */
export async function resolveRetryRefund(
  context: GraphQLContext,
  input: {
    readonly refund: string | number;
    readonly expectedRetries: number;
    readonly waitMs?: number | null | undefined;
  },
): Promise<RefundPayload> {
  const problems: Problem[] = [];
  const place = { path: ['input'], problems };
  const { expectedRetries } = input;
  const waitMs = readWaitMs(place, input.waitMs);
  if (expectedRetries < 0) complain(within(place, 'expectedRetries'), 'expectedRetries is 0 or more.');
  const refundId = decodeGlobalId('Refund', String(input.refund));
  if (refundId === undefined) problems.push(notFound(['input', 'refund'], 'The refund'));
  if (refundId === undefined || problems.length > 0) return refused(problems);
  const result = await retryRefund(context.world, context.caller, { refundId, expectedRetries, waitMs });
  forget(context, refundId);
  if (!result.ok) return { refundId, replayed: false, problems: result.problems };
  return { ...result.value, problems: [] };
}
